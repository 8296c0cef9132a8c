/*
 * An address space as effects: every mapping, and the contents of the pages that are not simply
 * those of a file.
 *
 * The main stack grows in the vessel as it does here: on access, as far as RLIMIT_STACK and the
 * mappings below allow.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/maps.h"
#include "engine/tracee/reel_page.h"
#include "record/recorder.h"

/* The file behind a mapping: by its path if that still leads to it, else by the kernel's link. */
static int open_mapped_file(pid_t pid, const struct mapping *mapping)
{
    struct stat status;
    CLEANUP(close_fd) int fd = open(mapping->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_ino == mapping->inode)
        return take_fd(&fd);
    char link[96];
    snprintf(link, sizeof(link), "/proc/%d/map_files/%lx-%lx", pid, mapping->start, mapping->end);
    return open(link, O_RDONLY | O_CLOEXEC);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* One MEMORY effect for each run of pages that are the process's own and, in anonymous memory, not
 * zero. */
static struct error *add_pages(struct recorder *recorder, struct task *task,
                               const struct mapping *mapping, const uint8_t *own)
{
    size_t pages = (mapping->end - mapping->start) / PAGE_BYTES;
    struct error *error = NULL;
    for (size_t first = 0; !error && first < pages;) {
        size_t last = first;
        while (last < pages && own[last])
            last++;
        if (last > first)
            error = draft_memory(&recorder->draft, task->tracee,
                                 taddr_of(mapping->start + first * PAGE_BYTES),
                                 (last - first) * PAGE_BYTES);
        first = last + 1;
    }
    return error;
}

static void drop_zero_pages(struct task *task, const struct mapping *mapping, uint8_t *own,
                            size_t pages)
{
    uint8_t page[PAGE_BYTES];
    for (size_t i = 0; i < pages; i++) {
        if (!own[i])
            continue;
        taddr address = taddr_of(mapping->start + i * PAGE_BYTES);
        own[i] = tracee_read_some(task->tracee, address, page, sizeof(page)) == sizeof(page) &&
                 !is_zero(page, sizeof(page));
    }
}

static struct error *add_contents(struct recorder *recorder, struct task *task,
                                  const struct mapping *mapping, bool from_file)
{
    size_t pages = (mapping->end - mapping->start) / PAGE_BYTES;
    CLEANUP(free) uint8_t *own = malloc(pages);
    if (!own)
        return &err_no_memory;
    struct error *error = mapping_own_pages(task->tid, mapping->start, mapping->end, own);
    if (error)
        return error;
    if (!from_file)
        drop_zero_pages(task, mapping, own, pages);
    return add_pages(recorder, task, mapping, own);
}

struct error *add_stack_limit(struct recorder *recorder, struct task *task)
{
    struct rlimit limit;
    if (prlimit(task->tid, RLIMIT_STACK, NULL, &limit) < 0)
        return errno == ESRCH
                   ? &err_tracee_gone
                   : error_errno(NULL, "cannot read the stack limit of task %d", task->tid);
    _Static_assert(RLIM_INFINITY == UINT64_MAX, "none");
    struct effect effect = {.kind = EFFECT_STACK_LIMIT, .stack_limit.bytes = limit.rlim_cur};
    return draft_effect(&recorder->draft, &effect);
}

/* Puts the file into the store, and notes what the mapping shows. */
static struct error *keep_file(struct recorder *recorder, struct task *task,
                               const struct mapping *mapping, struct store_name *contents)
{
    struct stat status;
    CLEANUP(close_fd) int fd = open_mapped_file(task->tid, mapping);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno("make it readable", "cannot read %s, which the program maps",
                           mapping->name);
    struct error *error = store_put(recorder->store, fd, mapping->name, contents);
    if (error)
        return error;
    const struct mapped_range range = {.start = mapping->start,
                                       .end = mapping->end,
                                       .offset = mapping->offset,
                                       .device = status.st_dev,
                                       .inode = status.st_ino,
                                       .size = (uint64_t)status.st_size,
                                       .shared = mapping->shared,
                                       .contents = *contents};
    return mapped_ranges_add(&task->group->files, &range);
}

static struct error *add_mapping(struct recorder *recorder, struct task *task,
                                 const struct mapping *mapping)
{
    struct draft *draft = &recorder->draft;
    struct effect effect = {.kind = EFFECT_MAP,
                            .address = taddr_of(mapping->start),
                            .length = mapping->end - mapping->start,
                            .map.protection = mapping->protection,
                            .map.flags = mapping->shared ? MAP_EFFECT_SHARED : 0,
                            .map.offset = mapping->inode ? mapping->offset : 0};
    char *path = draft_bytes(draft, strlen(mapping->name) + 1);
    if (!path)
        return &err_no_memory;
    effect.map.path = strcpy(path, mapping->name);
    if (strcmp(path, "[stack]") == 0)
        effect.map.flags |= MAP_EFFECT_STACK;
    struct error *error = NULL;
    if (mapping->inode)
        error = keep_file(recorder, task, mapping, &effect.map.contents);
    if (!error)
        error = draft_effect(draft, &effect);
    return error ? error : add_contents(recorder, task, mapping, mapping->inode != 0);
}

static bool is_ours_or_fixed(const struct mapping *mapping)
{
    return (mapping->start >= REEL_PAGE && mapping->start < REEL_AREA_END) ||
           mapping->start >= 1ull << 63;
}

struct error *add_keyframe(struct recorder *recorder, struct task *task)
{
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    error = add_stack_limit(recorder, task);
    if (!error && task->group->cpuid_traps)
        error = draft_effect(&recorder->draft, &(struct effect){.kind = EFFECT_TRAP_CPUID});
    for (size_t i = 0; !error && i < mappings.count; i++)
        if (!is_ours_or_fixed(&mappings.mapping[i]))
            error = add_mapping(recorder, task, &mappings.mapping[i]);
    mappings_deinit(&mappings);
    return error ? error : add_patches(recorder, task);
}
