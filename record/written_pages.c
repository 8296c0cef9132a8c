#include "record/written_pages.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "record/live_memory.h"

/* --- The kernel's interface, which is younger than the C library's headers -------------------- */

#define FEATURE_WP_ASYNC (1ull << 15) /* UFFD_FEATURE_WP_ASYNC; brings WP_UNPOPULATED with it */

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

struct scan_argument { /* struct pm_scan_arg, linux/fs.h */
    uint64_t size, flags, start, end, walk_end, regions, regions_length, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

struct scan_region { /* struct page_region */
    uint64_t start, end, categories;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan_argument)
#define SCAN_PROTECT_AGAIN (1u << 0) /* PM_SCAN_WP_MATCHING */
#define SCAN_ALL_OR_EPERM (1u << 1)  /* PM_SCAN_CHECK_WPASYNC */
#define PAGE_WRITTEN (1u << 1)
#define PAGE_THERE (1u << 3 | 1u << 4) /* present, or swapped out */

/* --- Protection ------------------------------------------------------------------------------ */

/* The task makes the descriptor, so that it is for its address space; we take it over, and the task
 * keeps none. -1: not to be had. */
static struct error *take_descriptor(struct task *task, int *ret)
{
    const uint64_t flags[6] = {O_CLOEXEC | UFFD_USER_MODE_ONLY};
    int64_t theirs, ignored;
    *ret = -1;
    struct error *error = tracee_inject(task->tracee, __NR_userfaultfd, flags, &theirs);
    if (error || theirs < 0)
        return error;
    CLEANUP(close_fd) int process = (int)syscall(SYS_pidfd_open, task->process->pid, 0);
    if (process >= 0)
        *ret = (int)syscall(SYS_pidfd_getfd, process, (int)theirs, 0);
    const uint64_t close_it[6] = {(uint64_t)theirs};
    return tracee_inject(task->tracee, __NR_close, close_it, &ignored);
}

static struct error *begin_watching(struct recorder *recorder, struct task *task)
{
    struct group *group = task->group;
    struct uffdio_api api = {.api = UFFD_API, .features = FEATURE_WP_ASYNC};
    group->written_tried = true;
    group->written_descriptor = -1;
    if (recorder->options->name_all_pages)
        return NULL;
    struct error *error = take_descriptor(task, &group->written_descriptor);
    if (!error && group->written_descriptor >= 0 &&
        ioctl(group->written_descriptor, UFFDIO_API, &api) != 0) {
        close(group->written_descriptor);
        group->written_descriptor = -1;
    }
    return error;
}

void written_pages_forget(struct group *group)
{
    if (group->written_tried && group->written_descriptor >= 0)
        close(group->written_descriptor);
    group->written_tried = false;
}

static void watch_mapping(const struct group *group, const struct mapping *mapping)
{
    struct uffdio_register range = {.range = {mapping->start, mapping->end - mapping->start},
                                    .mode = UFFDIO_REGISTER_MODE_WP};
    /* A mapping that cannot be watched is taken for written as a whole each time. */
    ioctl(group->written_descriptor, UFFDIO_REGISTER, &range);
}

/* --- Scanning -------------------------------------------------------------------------------- */

#define REGIONS 512

/* *watched: whether the kernel tells of this mapping. */
static struct error *scan_mapping(int pagemap, const struct mapping *mapping,
                                  struct page_ranges *ranges, bool *watched)
{
    static struct scan_region regions[REGIONS];
    struct scan_argument scan = {.size = sizeof(scan),
                                 .flags = SCAN_PROTECT_AGAIN | SCAN_ALL_OR_EPERM,
                                 .start = mapping->start,
                                 .end = mapping->end,
                                 .regions = (uint64_t)(uintptr_t)regions,
                                 .regions_length = REGIONS,
                                 .category_mask = PAGE_WRITTEN,
                                 .category_anyof_mask = PAGE_THERE,
                                 .return_mask = PAGE_WRITTEN};
    struct error *error = NULL;
    *watched = true;
    while (!error && scan.start < scan.end) {
        int count = ioctl(pagemap, SCAN_IOCTL, &scan);
        if (count < 0) {
            *watched = false;
            return NULL;
        }
        for (int i = 0; !error && i < count; i++)
            error = page_ranges_add(ranges, regions[i].start, regions[i].end);
        if (scan.walk_end <= scan.start)
            break;
        scan.start = scan.walk_end;
    }
    return error;
}

struct error *written_pages(struct recorder *recorder, struct task *task,
                            const struct mappings *mappings, struct page_ranges *ranges)
{
    struct group *group = task->group;
    struct error *error = group->written_tried ? NULL : begin_watching(recorder, task);
    CLEANUP(close_fd) int pagemap = -1;
    if (error)
        return error;
    if (group->written_descriptor >= 0) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/pagemap", task->tid);
        pagemap = open(path, O_RDONLY | O_CLOEXEC);
    }
    for (size_t i = 0; !error && i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->mapping[i];
        bool watched = false;
        if (!is_program_memory(mapping))
            continue;
        if (pagemap >= 0)
            error = scan_mapping(pagemap, mapping, ranges, &watched);
        if (error || watched)
            continue;
        if (pagemap >= 0) {
            watch_mapping(group, mapping);
            /* From now on. What a first scan says is not wanted: it is all written. */
            struct page_ranges ignored = {0};
            error = scan_mapping(pagemap, mapping, &ignored, &watched);
            page_ranges_deinit(&ignored);
        }
        if (!error)
            error = page_ranges_add(ranges, mapping->start, mapping->end);
    }
    return error;
}
