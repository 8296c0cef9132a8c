/*
 * Calls that change the address space, as effects with the addresses that the kernel chose. Replay
 * makes the same changes with MAP_FIXED; it never asks the kernel to choose.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "record/recorder.h"

/* The file that a descriptor of the task leads to, and its path as /proc shows it. */
static int open_descriptor(const struct task *task, int descriptor, char *path, size_t size)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/%d/fd/%d", task->tid, descriptor);
    ssize_t length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = 0;
    return open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool is_regular(int fd)
{
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* A mapped regular file is kept in the store; of anything else, what stands in memory now is
 * logged. */
static struct error *add_file_mapping(struct recorder *recorder, struct task *task,
                                      struct effect *effect, int descriptor, uint64_t offset)
{
    struct draft *draft = &recorder->draft;
    size_t path_size = 4096;
    char *path = draft_bytes(draft, path_size);
    if (!path)
        return &err_no_memory;
    CLEANUP(close_fd) int fd = open_descriptor(task, descriptor, path, path_size);
    effect->map.path = path;
    if (!is_regular(fd)) {
        struct error *error = draft_effect(draft, effect);
        return error ? error : draft_memory(draft, task->tracee, effect->address, effect->length);
    }
    struct error *error = store_put(recorder->store, fd, path, &effect->map.contents);
    effect->map.offset = offset;
    return error ? error : draft_effect(draft, effect);
}

static struct error *add_mmap(struct recorder *recorder, struct task *task, const struct call *call)
{
    uint64_t flags = call->argument[3];
    struct effect effect = {.kind = EFFECT_MAP,
                            .address = taddr_of((uint64_t)call->result),
                            .length = page_up(call->argument[1]),
                            .map.protection =
                                (uint32_t)call->argument[2] & (PROT_READ | PROT_WRITE | PROT_EXEC),
                            .map.flags = (flags & MAP_TYPE) != MAP_PRIVATE ? MAP_EFFECT_SHARED : 0,
                            .map.path = ""};
    if (flags & MAP_ANONYMOUS)
        return draft_effect(&recorder->draft, &effect);
    return add_file_mapping(recorder, task, &effect, (int)call->argument[4], call->argument[5]);
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

static struct error *add_mremap(struct recorder *recorder, const struct call *call)
{
    struct effect effect = {.kind = EFFECT_REMAP,
                            .address = taddr_of((uint64_t)call->result),
                            .length = page_up(call->argument[2]),
                            .remap.old_address = taddr_of(call->argument[0]),
                            .remap.old_length = page_up(call->argument[1]),
                            .remap.flags = (uint32_t)call->argument[3] & MREMAP_DONTUNMAP};
    return draft_effect(&recorder->draft, &effect);
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

static struct error *keep_segment(struct group *group, taddr address, uint64_t length)
{
    struct memory_range *grown =
        realloc(group->segments, (group->segment_count + 1) * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    group->segments = grown;
    group->segments[group->segment_count++] = (struct memory_range){address, length};
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
                            .map.protection =
                                PROT_READ | (call->argument[2] & SHM_RDONLY ? 0 : PROT_WRITE),
                            .map.flags = MAP_EFFECT_SHARED,
                            .map.path = "/SYSV"};
    struct error *error = keep_segment(task->group, effect.address, effect.length);
    if (!error)
        error = draft_effect(&recorder->draft, &effect);
    return error ? error
                 : draft_memory(&recorder->draft, task->tracee, effect.address, effect.length);
}

/* The range has gone already: its length was kept when it was attached. */
static struct error *add_shmdt(struct recorder *recorder, struct task *task, uint64_t address)
{
    struct group *group = task->group;
    for (size_t i = 0; i < group->segment_count; i++) {
        if (group->segments[i].address.value != address)
            continue;
        struct memory_range segment = group->segments[i];
        group->segments[i] = group->segments[--group->segment_count];
        return add_range(recorder, EFFECT_UNMAP, segment.address.value, segment.length);
    }
    return NULL;
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
        return add_range(recorder, EFFECT_UNMAP, call->argument[0], call->argument[1]);
    case __NR_mprotect:
    case __NR_pkey_mprotect:
        return add_mprotect(recorder, call);
    case __NR_mremap:
        return add_mremap(recorder, call);
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
