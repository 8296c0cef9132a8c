/*
 * Calls that change the address space, as effects with the addresses that the kernel chose. Replay
 * makes the same changes with MAP_FIXED; it never asks the kernel to choose.
 *
 * mapped_ranges.h says which mappings are windows on shared objects.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/maps.h"
#include "record/recorder.h"

/* --- Files and other objects ----------------------------------------------------------------- */

/* The descriptor was opened for writing too, so that a shared mapping can be written, now or after
 * mprotect(2). */
static bool is_writable(const struct task *task, int descriptor)
{
    char path[64];
    unsigned flags = 0;
    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", task->tid, descriptor);
    CLEANUP(fclose) FILE *file = fopen(path, "re");
    return file && fscanf(file, "pos: %*d flags: %o", &flags) == 1 && (flags & O_ACCMODE) == O_RDWR;
}

/* What the new mapping shows, where it is not zero. */
static struct error *add_contents(struct recorder *recorder, struct task *task,
                                  const struct mapped_range *range, int fd)
{
    uint64_t end = range->offset + (range->end - range->start);
    struct error *error = NULL;
    for (uint64_t at = range->offset; !error && at < end;) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);
        off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        if (hole < 0 || (uint64_t)data >= end)
            break;
        at = (uint64_t)hole < end ? (uint64_t)hole : end;
        error = draft_memory(&recorder->draft, task->tracee,
                             taddr_of(range->start + ((uint64_t)data - range->offset)),
                             at - (uint64_t)data);
    }
    return error;
}

/* The same without a descriptor. */
static struct error *add_nonzero_pages(struct recorder *recorder, struct task *task, uint64_t start,
                                       uint64_t end)
{
    uint8_t page[PAGE_BYTES];
    struct error *error = NULL;
    for (uint64_t at = start; !error && at < end; at += PAGE_BYTES) {
        if (tracee_read_some(task->tracee, taddr_of(at), page, sizeof(page)) < sizeof(page))
            break;
        if (page[0] || memcmp(page, page + 1, sizeof(page) - 1) != 0)
            error = draft_memory(&recorder->draft, task->tracee, taddr_of(at), sizeof(page));
    }
    return error;
}

static struct error *add_resize(struct recorder *recorder, uint64_t object, uint64_t size)
{
    struct effect effect = {.kind = EFFECT_RESIZE, .resize = {object, size}};
    return draft_effect(&recorder->draft, &effect);
}

/*
 * A window on an object: its size, if that is news, the mapping, and what no other window showed
 * already. `fd` is -1 where there is no file.
 */
static struct error *add_window(struct recorder *recorder, struct task *task,
                                const struct effect *map, struct mapped_range range, int fd)
{
    struct mapped_ranges *files = &task->group->files;
    struct effect effect = *map;
    range.object = mapped_ranges_object(files, range.device, range.inode);
    bool is_new = !range.object;
    if (is_new)
        range.object = ++files->objects;
    bool shown =
        !is_new && mapped_ranges_shows(files, range.object, range.offset, range.end - range.start);
    effect.map.object = range.object;
    effect.map.offset = range.offset;
    struct error *error = is_new ? add_resize(recorder, range.object, range.size) : NULL;
    if (!error)
        error = draft_effect(&recorder->draft, &effect);
    if (!error && !shown)
        error = fd < 0 ? add_nonzero_pages(recorder, task, range.start, range.end)
                       : add_contents(recorder, task, &range, fd);
    return error ? error : mapped_ranges_add(files, &range);
}

/* Until now the program could only read the file through its shared mappings of it, so that they
 * were copies. They become windows. */
static struct error *add_windows_of_readers(struct recorder *recorder, struct task *task,
                                            const struct mapped_range *writer)
{
    struct mapped_ranges *files = &task->group->files;
    struct mappings mappings = {0};
    struct error *error = NULL;
    for (size_t i = 0; !error && i < files->count; i++) {
        struct mapped_range reader = files->range[i];
        if (!reader.shared || reader.object || reader.device != writer->device ||
            reader.inode != writer->inode)
            continue;
        if (!mappings.count)
            error = mappings_read(task->tid, &mappings);
        const struct mapping *mapping = error ? NULL : mapping_at(&mappings, reader.start);
        struct effect effect = {.kind = EFFECT_MAP,
                                .address = taddr_of(reader.start),
                                .length = reader.end - reader.start,
                                .map.protection = mapping ? mapping->protection : 0,
                                .map.flags = MAP_EFFECT_SHARED,
                                .map.path = ""};
        if (!error)
            error = add_window(recorder, task, &effect, reader, -1);
        i = (size_t)-1; /* the list has changed */
    }
    mappings_deinit(&mappings);
    return error;
}

/* A mapped regular file is kept in the store, but for shared memory; of anything else, what stands
 * in memory now is logged. */
static struct error *add_file_mapping(struct recorder *recorder, struct task *task,
                                      struct effect *effect, const struct call *call)
{
    struct draft *draft = &recorder->draft;
    struct mapped_ranges *files = &task->group->files;
    uint64_t start = effect->address.value;
    struct stat status;
    char *path = draft_bytes(draft, DESCRIPTOR_PATH_MAX);
    if (!path)
        return &err_no_memory;
    CLEANUP(close_fd) int fd = open_descriptor(task, (int)call->argument[4], path);
    effect->map.path = path;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        struct error *error = draft_effect(draft, effect);
        if (!error)
            error = mapped_ranges_cut(files, start, start + effect->length);
        return error ? error : draft_memory(draft, task->tracee, effect->address, effect->length);
    }
    struct mapped_range range = {.start = start,
                                 .end = start + effect->length,
                                 .offset = call->argument[5],
                                 .device = status.st_dev,
                                 .inode = status.st_ino,
                                 .size = (uint64_t)status.st_size,
                                 .shared = effect->map.flags & MAP_EFFECT_SHARED};
    bool has_object = mapped_ranges_object(files, range.device, range.inode) != 0;
    if (range.shared && (has_object || is_writable(task, (int)call->argument[4]))) {
        struct error *error = add_window(recorder, task, effect, range, fd);
        return error || has_object ? error : add_windows_of_readers(recorder, task, &range);
    }
    struct error *error = store_put(recorder->store, fd, path, &effect->map.contents);
    effect->map.offset = range.offset;
    range.contents = effect->map.contents;
    if (!error)
        error = draft_effect(draft, effect);
    return error ? error : mapped_ranges_add(files, &range);
}

/* --- The calls ------------------------------------------------------------------------------- */

static struct error *add_mmap(struct recorder *recorder, struct task *task, const struct call *call)
{
    uint64_t flags = call->argument[3];
    bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
    struct effect effect = {.kind = EFFECT_MAP,
                            .address = taddr_of((uint64_t)call->result),
                            .length = page_up(call->argument[1]),
                            .map.protection =
                                (uint32_t)call->argument[2] & (PROT_READ | PROT_WRITE | PROT_EXEC),
                            .map.flags = (shared ? MAP_EFFECT_SHARED : 0) |
                                         (flags & MAP_GROWSDOWN ? MAP_EFFECT_STACK : 0),
                            .map.path = ""};
    uint64_t start = effect.address.value, end = start + effect.length;
    if (!(flags & MAP_ANONYMOUS))
        return add_file_mapping(recorder, task, &effect, call);
    if (shared) {
        struct mapped_range range = {.start = start,
                                     .end = end,
                                     .device = DEVICE_ANONYMOUS,
                                     .inode = ++recorder->anonymous_objects,
                                     .size = effect.length,
                                     .shared = true};
        return add_window(recorder, task, &effect, range, -1);
    }
    struct error *error = draft_effect(&recorder->draft, &effect);
    return error ? error : mapped_ranges_cut(&task->group->files, start, end);
}

static struct error *add_range(struct recorder *recorder, enum effect_kind kind, uint64_t address,
                               uint64_t length)
{
    struct effect effect = {.kind = kind, .address = taddr_of(address), .length = page_up(length)};
    return draft_effect(&recorder->draft, &effect);
}

/* brk answers with where the break is now, moved or not. */
static struct error *add_brk(struct recorder *recorder, struct task *task, uint64_t now)
{
    uint64_t before = page_up(task->group->program_break), after = page_up(now);
    task->group->program_break = now;
    if (after < before)
        return add_range(recorder, EFFECT_UNMAP, after, before - after);
    if (after == before)
        return NULL;
    struct effect effect = {.kind = EFFECT_MAP,
                            .address = taddr_of(before),
                            .length = after - before,
                            .map.protection = PROT_READ | PROT_WRITE,
                            .map.path = "[heap]"};
    return draft_effect(&recorder->draft, &effect);
}

static struct error *add_mprotect(struct recorder *recorder, const struct call *call)
{
    struct effect effect = {.kind = EFFECT_PROTECT,
                            .address = taddr_of(call->argument[0]),
                            .length = page_up(call->argument[1]),
                            .protect.protection = (uint32_t)call->argument[2]};
    return draft_effect(&recorder->draft, &effect);
}

/* With an old length of 0 it makes another window on shared memory. */
static struct error *add_second_window(struct recorder *recorder, struct task *task,
                                       const struct call *call)
{
    const struct mapped_range *old = mapped_ranges_at(&task->group->files, call->argument[0]);
    uint64_t start = (uint64_t)call->result;
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    const struct mapping *mapping = mapping_at(&mappings, start);
    if (mapping && old) {
        struct effect effect = {.kind = EFFECT_MAP,
                                .address = taddr_of(start),
                                .length = page_up(call->argument[2]),
                                .map.protection = mapping->protection,
                                .map.flags = MAP_EFFECT_SHARED,
                                .map.path = ""};
        struct mapped_range range = *old;
        range.offset += call->argument[0] - range.start;
        range.start = start;
        range.end = start + effect.length;
        error = add_window(recorder, task, &effect, range, -1);
    }
    mappings_deinit(&mappings);
    return error;
}

static struct error *add_mremap(struct recorder *recorder, struct task *task,
                                const struct call *call)
{
    struct effect effect = {.kind = EFFECT_REMAP,
                            .address = taddr_of((uint64_t)call->result),
                            .length = page_up(call->argument[2]),
                            .remap.old_address = taddr_of(call->argument[0]),
                            .remap.old_length = page_up(call->argument[1]),
                            .remap.flags = (uint32_t)call->argument[3] & MREMAP_DONTUNMAP};
    if (!effect.remap.old_length)
        return add_second_window(recorder, task, call);
    uint64_t to = effect.address.value;
    struct mapped_ranges *files = &task->group->files;
    struct error *error = draft_effect(&recorder->draft, &effect);
    if (!error)
        error = mapped_ranges_move(files, effect.remap.old_address.value, effect.remap.old_length,
                                   to, effect.length, !effect.remap.flags);
    const struct mapped_range *moved = error ? NULL : mapped_ranges_at(files, to);
    if (moved && moved->object && effect.length > effect.remap.old_length)
        error = add_nonzero_pages(recorder, task, to + effect.remap.old_length, to + effect.length);
    return error;
}

/* Advice that changes what is in memory or what a child inherits; the rest is about speed. */
static struct error *add_madvise(struct recorder *recorder, const struct call *call)
{
    static const uint64_t kept[] = {MADV_DONTNEED, MADV_FREE,       MADV_REMOVE,    MADV_DONTFORK,
                                    MADV_DOFORK,   MADV_WIPEONFORK, MADV_KEEPONFORK};
    uint64_t advice = call->argument[2] == MADV_FREE ? MADV_DONTNEED : call->argument[2];
    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++) {
        if (advice != kept[i])
            continue;
        struct effect effect = {.kind = EFFECT_ADVISE,
                                .address = taddr_of(call->argument[0]),
                                .length = page_up(call->argument[1]),
                                .advise.advice = (uint32_t)advice};
        return draft_effect(&recorder->draft, &effect);
    }
    return NULL;
}

/* The size of a System V segment is not in the call. */
static struct error *add_shmat(struct recorder *recorder, struct task *task,
                               const struct call *call)
{
    struct shmid_ds segment;
    if (shmctl((int)call->argument[0], IPC_STAT, &segment) < 0)
        return NULL;
    struct effect effect = {.kind = EFFECT_MAP,
                            .address = taddr_of((uint64_t)call->result),
                            .length = page_up(segment.shm_segsz),
                            .map.protection = PROT_READ |
                                              (call->argument[2] & SHM_RDONLY ? 0 : PROT_WRITE) |
                                              (call->argument[2] & SHM_EXEC ? PROT_EXEC : 0),
                            .map.flags = MAP_EFFECT_SHARED,
                            .map.path = "/SYSV"};
    struct mapped_range range = {.start = effect.address.value,
                                 .end = effect.address.value + effect.length,
                                 .device = DEVICE_SYSV,
                                 .inode = (ino_t)call->argument[0],
                                 .size = effect.length,
                                 .shared = true};
    return add_window(recorder, task, &effect, range, -1);
}

static struct error *add_unmap(struct recorder *recorder, struct task *task, uint64_t start,
                               uint64_t length)
{
    struct error *error = add_range(recorder, EFFECT_UNMAP, start, length);
    return error ? error : mapped_ranges_cut(&task->group->files, start, start + page_up(length));
}

/* The range has gone already: its length was kept when it was attached. */
static struct error *add_shmdt(struct recorder *recorder, struct task *task, uint64_t address)
{
    const struct mapped_range *range = mapped_ranges_at(&task->group->files, address);
    if (!range || range->device != DEVICE_SYSV)
        return NULL;
    return add_unmap(recorder, task, range->start, range->end - range->start);
}

struct error *add_map_effects(struct recorder *recorder, struct task *task, const struct call *call)
{
    bool failed = call->result < 0 && call->result >= -4095;
    /* madvise goes on over holes and then says ENOMEM. */
    if (failed && !(call->number == __NR_madvise && call->result == -ENOMEM))
        return NULL;
    switch (call->number) {
    case __NR_mmap:
        return add_mmap(recorder, task, call);
    case __NR_munmap:
        return add_unmap(recorder, task, call->argument[0], call->argument[1]);
    case __NR_mprotect:
    case __NR_pkey_mprotect:
        return add_mprotect(recorder, call);
    case __NR_mremap:
        return add_mremap(recorder, task, call);
    case __NR_brk:
        return add_brk(recorder, task, (uint64_t)call->result);
    case __NR_madvise:
        return add_madvise(recorder, call);
    case __NR_shmat:
        return add_shmat(recorder, task, call);
    case __NR_shmdt:
        return add_shmdt(recorder, task, call->argument[0]);
    default:
        return NULL;
    }
}
