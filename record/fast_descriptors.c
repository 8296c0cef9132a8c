/*
 * Descriptors: the hook does with a descriptor what its kind allows, and nothing with those of
 * which nothing is known. It follows what it serves itself; of traced calls it is told here. What
 * is unknown is looked at when it was used.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "record/recorder.h"

/* --- Kinds ----------------------------------------------------------------------------------- */

static bool is_mapped(const struct task *task, const struct stat *status)
{
    const struct mapped_ranges *files = &task->group->files;
    for (size_t i = 0; i < files->count; i++)
        if (files->range[i].device == status->st_dev && files->range[i].inode == status->st_ino)
            return true;
    return false;
}

/* What is written there may be a process's memory. */
static bool is_of_proc(const char *path)
{
    struct statfs status;
    return statfs(path, &status) < 0 || status.f_type == PROC_SUPER_MAGIC;
}

/* Linux's devices.txt: null, zero, full, random (the same as urandom once there is entropy),
 * urandom. */
static bool never_waits(dev_t device)
{
    static const unsigned minors[] = {3, 5, 7, 8, 9};
    for (size_t i = 0; i < ARRAY_LENGTH(minors); i++)
        if (device == makedev(1, minors[i]))
            return true;
    return false;
}

/* What has no file: event counters, timers and the like know RWF_NOWAIT, others not. */
static enum hook_descriptor anonymous_kind(const char *path)
{
    char link[64] = {0};
    if (readlink(path, link, sizeof(link) - 1) < 0)
        return DESCRIPTOR_TRACED;
    bool knows = strcmp(link, "anon_inode:[eventfd]") == 0 ||
                 strcmp(link, "anon_inode:[timerfd]") == 0 ||
                 strcmp(link, "anon_inode:[signalfd]") == 0;
    return knows ? DESCRIPTOR_STREAM : DESCRIPTOR_TRACED;
}

static enum hook_descriptor kind_of(const struct task *task, int descriptor)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", task->tid, descriptor);
    if (stat(path, &status) < 0 || original_output(task, descriptor))
        return DESCRIPTOR_TRACED;
    switch (status.st_mode & S_IFMT) {
    case S_IFREG:
        return is_mapped(task, &status) || is_of_proc(path) ? DESCRIPTOR_READ_PLAIN
                                                            : DESCRIPTOR_PLAIN;
    case S_IFDIR:
        return DESCRIPTOR_PLAIN;
    case S_IFIFO:
    case S_IFSOCK:
        return DESCRIPTOR_STREAM;
    case S_IFCHR:
        return never_waits(status.st_rdev) ? DESCRIPTOR_PLAIN : DESCRIPTOR_TRACED;
    case S_IFBLK:
        return DESCRIPTOR_TRACED;
    default:
        return anonymous_kind(path);
    }
}

/* --- Following ------------------------------------------------------------------------------- */

static void set(struct hook_slot *slot, uint64_t descriptor, enum hook_descriptor kind)
{
    if ((uint32_t)descriptor < HOOK_DESCRIPTORS)
        slot->descriptor[(uint32_t)descriptor] = (uint8_t)kind;
}

static void find_out(const struct task *task, uint64_t descriptor)
{
    struct hook_slot *slot = task->group->fast.slot;
    if ((uint32_t)descriptor < HOOK_DESCRIPTORS &&
        slot->descriptor[(uint32_t)descriptor] == DESCRIPTOR_UNKNOWN)
        set(slot, descriptor, kind_of(task, (int)descriptor));
}

/* A file is mapped from now on: writes to it may be seen in memory. */
static void forget_files(struct hook_slot *slot)
{
    for (size_t i = 0; i < HOOK_DESCRIPTORS; i++)
        if (slot->descriptor[i] == DESCRIPTOR_PLAIN)
            slot->descriptor[i] = DESCRIPTOR_UNKNOWN;
}

static void forget_range(struct hook_slot *slot, uint64_t first, uint64_t last)
{
    for (uint64_t i = (uint32_t)first; i < HOOK_DESCRIPTORS && i <= (uint32_t)last; i++)
        slot->descriptor[i] = DESCRIPTOR_UNKNOWN;
}

static bool uses_descriptor(uint64_t number)
{
    switch (number) {
    case __NR_read:
    case __NR_write:
    case __NR_readv:
    case __NR_writev:
    case __NR_pread64:
    case __NR_pwrite64:
    case __NR_getdents64:
    case __NR_recvfrom:
    case __NR_sendto:
        return true;
    default:
        return false;
    }
}

static void follow(const struct task *task, struct hook_slot *slot,
                   const struct user_regs_struct *entry, bool failed)
{
    switch (entry->orig_rax) {
    case __NR_close:
        set(slot, entry->rdi, DESCRIPTOR_UNKNOWN);
        return;
    case __NR_dup2:
    case __NR_dup3:
        set(slot, entry->rsi, DESCRIPTOR_UNKNOWN);
        return;
    case __NR_close_range:
        forget_range(slot, entry->rdi, entry->rsi);
        return;
    case __NR_mmap:
        if (!failed && (int)entry->r8 >= 0)
            forget_files(slot);
        return;
    case __NR_setsockopt: /* it may wait as it is closed */
        if (entry->rsi == SOL_SOCKET && entry->rdx == SO_LINGER)
            set(slot, entry->rdi, DESCRIPTOR_TRACED);
        return;
    default:
        if (!failed && uses_descriptor(entry->orig_rax))
            find_out(task, entry->rdi);
    }
}

void fast_follow_descriptors(struct task *task, const struct user_regs_struct *exit)
{
    const struct fastpath *fast = &task->group->fast;
    if (fast->slot && !fast->strangers && !fast->shares_files)
        follow(task, fast->slot, &task->call.entry, (int64_t)exit->rax < 0);
}

/* --- Parts ----------------------------------------------------------------------------------- */

/* Where the vectors of what is left of a writev are put: below the hook's stack. */
#define REST (HOOK_STATE + 0x400)
#define VECTORS_MAX 12

static struct error *skip_vectors(struct task *task, struct user_regs_struct *regs, uint64_t done)
{
    struct iovec vectors[VECTORS_MAX];
    size_t count = regs->rdx < VECTORS_MAX ? regs->rdx : VECTORS_MAX, first = 0;
    struct error *error =
        tracee_read(task->tracee, taddr_of(regs->rsi), vectors, count * sizeof(vectors[0]));
    if (error)
        return error;
    for (; first < count && done >= vectors[first].iov_len; first++)
        done -= vectors[first].iov_len;
    if (first < count) {
        vectors[first].iov_base = (char *)vectors[first].iov_base + done;
        vectors[first].iov_len -= done;
    }
    regs->rsi = REST;
    regs->rdx = count - first;
    return tracee_write(task->tracee, taddr_of(REST), vectors + first,
                        (count - first) * sizeof(vectors[0]));
}

struct error *fast_finish_partial(struct task *task, struct user_regs_struct *regs)
{
    struct hook_slot *slot = task->group->fast.slot;
    struct pending_call *call = &task->call;
    if (!slot || !slot->done)
        return NULL;
    call->done = slot->done;
    slot->done = 0;
    if (regs->orig_rax == __NR_writev)
        return skip_vectors(task, regs, call->done);
    regs->rsi += call->done;
    regs->rdx -= call->done;
    return NULL;
}
