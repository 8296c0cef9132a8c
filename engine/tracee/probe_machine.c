#include "engine/tracee/probe_machine.h"

#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/probe_child.h"

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

void probe_xsave(struct probe_result *ret)
{
    static const struct {
        uint64_t mask;
        const char *name;
    } components[] = {
        {1 << 0, "x87"},     {1 << 1, "SSE"}, {1 << 2, "AVX"},
        {7 << 5, "AVX-512"}, {1 << 9, "PKU"}, {3 << 17, "AMX"},
    };
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) {
        probe_missing(ret, "the processor or the kernel does not have it");
        return;
    }
    uint64_t xcr0 = read_xcr0();
    char names[80] = "";
    for (size_t i = 0; i < ARRAY_LENGTH(components); i++)
        if ((xcr0 & components[i].mask) == components[i].mask) {
            strcat(names, " ");
            strcat(names, components[i].name);
        }
    __cpuid_count(0xd, 0, a, b, c, d);
    probe_present(ret, "%u bytes:%s", b, names);
}

void probe_pagemap(struct probe_result *ret)
{
    uint64_t word = 0;
    CLEANUP(close_fd) int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    off_t offset = (off_t)((uintptr_t)&word / PAGE_BYTES * sizeof(word));
    if (fd < 0 || pread(fd, &word, sizeof(word), offset) != sizeof(word))
        probe_failed(ret, "/proc/self/pagemap");
    else if (word >> 63)
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "/proc/self/pagemap does not say which pages are present");
}

/* linux/fs.h from 6.7 on; Debian 12's is older. */
struct pagemap_scan {
    uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
    uint64_t category_inverted, category_mask, category_anyof, return_mask;
};
#define PAGEMAP_SCAN_REQUEST _IOWR('f', 16, struct pagemap_scan)
#define PAGE_IS_PRESENT_BIT 8

void probe_pagemap_scan(struct probe_result *ret)
{
    struct {
        uint64_t start, end, categories;
    } region;
    struct pagemap_scan scan = {
        .size = sizeof(scan),
        .start = page_down((uintptr_t)&region),
        .end = page_down((uintptr_t)&region) + PAGE_BYTES,
        .regions = (uintptr_t)&region,
        .region_count = 1,
        .category_mask = PAGE_IS_PRESENT_BIT,
        .return_mask = PAGE_IS_PRESENT_BIT,
    };
    CLEANUP(close_fd) int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && ioctl(fd, PAGEMAP_SCAN_REQUEST, &scan) == 1)
        probe_present(ret, "%s", "");
    else
        probe_failed(ret, "ioctl(PAGEMAP_SCAN)");
}

/* linux/userfaultfd.h from 6.4 and 6.7 on. */
#define FEATURE_WP_UNPOPULATED (1ull << 13)
#define FEATURE_WP_ASYNC (1ull << 15)

void probe_userfaultfd(struct probe_result *ret)
{
    struct uffdio_api api = {
        .api = UFFD_API,
        .features = FEATURE_WP_ASYNC | FEATURE_WP_UNPOPULATED,
    };
    CLEANUP(close_fd) int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (fd < 0)
        probe_failed(ret, "userfaultfd");
    else if (ioctl(fd, UFFDIO_API, &api) != 0)
        probe_failed(ret, "ioctl(UFFDIO_API)");
    else
        probe_present(ret, "%s", "");
}

#define ARCH_SET_CPUID_CODE 0x1012 /* asm/prctl.h */

static int forbid_cpuid(void)
{
    return syscall(SYS_arch_prctl, ARCH_SET_CPUID_CODE, 0) == 0 ? 0 : errno;
}

void probe_cpuid_fault(struct probe_result *ret)
{
    int error = probe_in_child(forbid_cpuid);
    if (error == 0)
        probe_present(ret, "%s", "");
    else
        probe_missing(ret, "%s", error > 0 ? strerror(error) : "the child died");
}

void probe_processors(struct probe_result *ret)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        probe_failed(ret, "sched_getaffinity");
    else
        probe_present(ret, "%d", CPU_COUNT(&set));
}
