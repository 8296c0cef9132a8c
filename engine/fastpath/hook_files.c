/*
 * Calls on descriptors: which of them wait for nobody, and how others are kept from it.
 *
 * RWF_NOWAIT gives EAGAIN where the call would wait (preadv2(2)); not all files know it
 * (EOPNOTSUPP). Then, and for descriptors of which nothing is known, the call is traced.
 */
#include <asm/unistd.h>

#include "engine/fastpath/hook_call.h"

#define EAGAIN 11
#define EOPNOTSUPP 95
#define RWF_NOWAIT 8
#define MSG_DONTWAIT 0x40
#define MSG_WAITALL 0x100

struct iovec {
    uint64_t base, length;
};
#define IOVECS_MAX 12

unsigned descriptor_kind(const struct hook_slot *slot, uint64_t descriptor)
{
    uint32_t number = (uint32_t)descriptor; /* the kernel looks at 32 bits */
    return number < HOOK_DESCRIPTORS ? slot->descriptor[number] : DESCRIPTOR_TRACED;
}

void set_descriptor(struct hook_slot *slot, long descriptor, unsigned kind)
{
    if (descriptor >= 0 && descriptor < HOOK_DESCRIPTORS)
        slot->descriptor[descriptor] = (uint8_t)kind;
}

static int is_file(unsigned kind)
{
    return kind == DESCRIPTOR_PLAIN || kind == DESCRIPTOR_READ_PLAIN;
}

#define F_GETFL 3
#define O_NONBLOCK 04000u

/* What a call in a form that cannot wait has given; if it would have waited as the program made it,
 * it is made again, traced. */
static long unless_waiting(const struct hook_call *call, long result)
{
    if (result == -EOPNOTSUPP)
        return NOT_SERVED;
    if (result != -EAGAIN)
        return result;
    long flags = hook_kernel_call(__NR_fcntl, call->rdi, F_GETFL, 0, 0, 0, 0);
    return !is_error(flags) && flags & O_NONBLOCK ? result : NOT_SERVED;
}

static long vectored(long number, const struct hook_call *call, const struct iovec *iovecs,
                     uint64_t count)
{
    return unless_waiting(call, hook_kernel_call(number, call->rdi, (uint64_t)iovecs, count,
                                                 (uint64_t)-1, 0, RWF_NOWAIT));
}

long serve_read(struct hook_slot *slot, const struct hook_call *call)
{
    switch (descriptor_kind(slot, call->rdi)) {
    case DESCRIPTOR_PLAIN:
    case DESCRIPTOR_READ_PLAIN:
        return as_it_is(call);
    case DESCRIPTOR_STREAM: {
        const struct iovec iovec = {call->rsi, call->rdx};
        return vectored(__NR_preadv2, call, &iovec, 1);
    }
    default:
        return NOT_SERVED;
    }
}

/* A part was written: the traced call is to write the rest. */
static long unless_short(struct hook_slot *slot, long result, uint64_t wanted)
{
    if (is_error(result) || (uint64_t)result >= wanted)
        return result;
    slot->done = (uint32_t)result;
    return NOT_SERVED;
}

#define WRITE_MAX (1u << 30)

long serve_write(struct hook_slot *slot, const struct hook_call *call)
{
    switch (descriptor_kind(slot, call->rdi)) {
    case DESCRIPTOR_PLAIN:
        return as_it_is(call);
    case DESCRIPTOR_STREAM: {
        const struct iovec iovec = {call->rsi, call->rdx};
        if (call->rdx > WRITE_MAX)
            return NOT_SERVED;
        return unless_short(slot, vectored(__NR_pwritev2, call, &iovec, 1), call->rdx);
    }
    default:
        return NOT_SERVED;
    }
}

static uint64_t total(const struct iovec *iovecs, uint64_t count)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (iovecs[i].length > WRITE_MAX)
            return ~0ull;
        bytes += iovecs[i].length;
    }
    return bytes;
}

static const struct iovec *iovecs_of(const struct hook_call *call)
{
    return (const struct iovec *)call->rsi;
}

long serve_readv(struct hook_slot *slot, const struct hook_call *call)
{
    unsigned kind = descriptor_kind(slot, call->rdi);
    if (call->rdx > IOVECS_MAX || !has_room(slot, total(iovecs_of(call), call->rdx)))
        return NOT_SERVED;
    if (is_file(kind))
        return as_it_is(call);
    return kind == DESCRIPTOR_STREAM ? vectored(__NR_preadv2, call, iovecs_of(call), call->rdx)
                                     : NOT_SERVED;
}

void add_readv_outputs(struct hook_draft *draft, const struct hook_call *call, long result)
{
    for (uint64_t i = 0, left = (uint64_t)result; i < call->rdx && left; i++) {
        const struct iovec *iovec = iovecs_of(call) + i;
        uint64_t bytes = iovec->length < left ? iovec->length : left;
        add_output(draft, iovec->base, bytes);
        left -= bytes;
    }
}

long serve_writev(struct hook_slot *slot, const struct hook_call *call)
{
    unsigned kind = descriptor_kind(slot, call->rdi);
    if (kind == DESCRIPTOR_PLAIN)
        return as_it_is(call);
    if (kind != DESCRIPTOR_STREAM || call->rdx > IOVECS_MAX)
        return NOT_SERVED;
    uint64_t wanted = total(iovecs_of(call), call->rdx);
    if (wanted > WRITE_MAX)
        return NOT_SERVED;
    return unless_short(slot, vectored(__NR_pwritev2, call, iovecs_of(call), call->rdx), wanted);
}

long serve_file_read(struct hook_slot *slot, const struct hook_call *call)
{
    return is_file(descriptor_kind(slot, call->rdi)) ? as_it_is(call) : NOT_SERVED;
}

long serve_file_write(struct hook_slot *slot, const struct hook_call *call)
{
    return descriptor_kind(slot, call->rdi) == DESCRIPTOR_PLAIN ? as_it_is(call) : NOT_SERVED;
}

long serve_copy(const struct hook_slot *slot, const struct hook_call *call, uint64_t from,
                uint64_t to)
{
    return is_file(descriptor_kind(slot, from)) && descriptor_kind(slot, to) == DESCRIPTOR_PLAIN
               ? as_it_is(call)
               : NOT_SERVED;
}

long serve_receive(struct hook_slot *slot, const struct hook_call *call)
{
    if (descriptor_kind(slot, call->rdi) != DESCRIPTOR_STREAM || call->r10 & MSG_WAITALL)
        return NOT_SERVED;
    return unless_waiting(call, hook_kernel_call((long)call->rax, call->rdi, call->rsi, call->rdx,
                                                 call->r10 | MSG_DONTWAIT, call->r8, call->r9));
}

long serve_send(struct hook_slot *slot, const struct hook_call *call)
{
    if (descriptor_kind(slot, call->rdi) != DESCRIPTOR_STREAM || call->rdx > WRITE_MAX)
        return NOT_SERVED;
    long result =
        unless_waiting(call, hook_kernel_call((long)call->rax, call->rdi, call->rsi, call->rdx,
                                              call->r10 | MSG_DONTWAIT, call->r8, call->r9));
    return unless_short(slot, result, call->rdx);
}

/* --- Opening and closing --------------------------------------------------------------------- */

#define O_ACCMODE 3u
#define O_RDONLY 0u
#define O_TRUNC 01000u
#define O_NOFOLLOW 0400000u
#define O_PATH 010000000u
#define UNNAMED_FILE 020000000u /* the bit that is O_TMPFILE's own */
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define ENOENT 2
#define S_IFMT 0170000u
#define S_IFREG 0100000u
#define S_IFDIR 0040000u

struct stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, padding;
    uint64_t special_device;
    int64_t size;
    uint64_t rest[11];
};
_Static_assert(sizeof(struct stat) == 144, "struct stat of asm/stat.h");

/* Whether opening what is there neither waits (a FIFO, a device) nor changes memory where a file is
 * mapped; and what the descriptor will be. */
static int is_harmless(long found, const struct stat *stat, uint64_t flags, unsigned *kind)
{
    *kind = DESCRIPTOR_UNKNOWN;
    if (found == -ENOENT) {
        *kind = DESCRIPTOR_PLAIN; /* nobody can have mapped what was not there */
        return 1;
    }
    if (is_error(found))
        return 0;
    unsigned type = stat->mode & S_IFMT;
    if (type != S_IFREG && type != S_IFDIR)
        return 0;
    if (flags & O_TRUNC && stat->size)
        return 0;
    if ((flags & O_ACCMODE) == O_RDONLY)
        *kind = DESCRIPTOR_READ_PLAIN;
    return 1;
}

long serve_open(struct hook_slot *slot, const struct hook_call *call, unsigned variant)
{
    uint64_t at = variant == VARIANT_OPENAT ? call->rdi : (uint64_t)AT_FDCWD;
    uint64_t path = variant == VARIANT_OPENAT ? call->rsi : call->rdi;
    uint64_t flags = variant == VARIANT_OPENAT ? call->rdx : call->rsi;
    struct stat stat;
    unsigned kind;
    if (flags & (UNNAMED_FILE | O_PATH))
        return NOT_SERVED;
    long found = hook_kernel_call(__NR_newfstatat, at, path, (uint64_t)&stat,
                                  flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0, 0, 0);
    if (!is_harmless(found, &stat, flags, &kind))
        return NOT_SERVED;
    long result = as_it_is(call);
    set_descriptor(slot, result, kind);
    return result;
}

long serve_close(struct hook_slot *slot, const struct hook_call *call)
{
    if (descriptor_kind(slot, call->rdi) == DESCRIPTOR_TRACED)
        return NOT_SERVED;
    set_descriptor(slot, (int)call->rdi, DESCRIPTOR_UNKNOWN);
    return as_it_is(call);
}

long serve_dup(struct hook_slot *slot, const struct hook_call *call)
{
    unsigned kind = descriptor_kind(slot, call->rdi);
    if (call->rax != __NR_dup && descriptor_kind(slot, call->rsi) == DESCRIPTOR_TRACED)
        return NOT_SERVED; /* it may linger as it is closed */
    long result = as_it_is(call);
    if (!is_error(result))
        set_descriptor(slot, result, kind);
    return result;
}

static void set_pair(struct hook_slot *slot, long result, uint64_t pair)
{
    const int *descriptors = (const int *)pair;
    if (is_error(result))
        return;
    set_descriptor(slot, descriptors[0], DESCRIPTOR_STREAM);
    set_descriptor(slot, descriptors[1], DESCRIPTOR_STREAM);
}

long serve_pipe(struct hook_slot *slot, const struct hook_call *call)
{
    long result = as_it_is(call);
    set_pair(slot, result, call->rdi);
    return result;
}

long serve_socketpair(struct hook_slot *slot, const struct hook_call *call)
{
    long result = as_it_is(call);
    set_pair(slot, result, call->r10);
    return result;
}

long serve_socket(struct hook_slot *slot, const struct hook_call *call)
{
    long result = as_it_is(call);
    set_descriptor(slot, result, DESCRIPTOR_STREAM);
    return result;
}

#define SOL_SOCKET 1
#define SO_LINGER 13

/* From then on it may wait as it is closed. */
long serve_set_option(struct hook_slot *slot, const struct hook_call *call)
{
    return call->rsi == SOL_SOCKET && call->rdx == SO_LINGER ? NOT_SERVED : as_it_is(call);
}

/* --- fcntl, ioctl ---------------------------------------------------------------------------- */

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_OFD_SETLK 37
#define F_DUPFD_CLOEXEC 1030
#define FLOCK_BYTES 32

long serve_fcntl(struct hook_slot *slot, const struct hook_call *call)
{
    long result;
    switch ((uint32_t)call->rsi) {
    case F_GETFD:
    case F_SETFD:
    case F_GETFL:
    case F_SETFL:
    case F_GETLK:
    case F_SETLK:
    case F_OFD_SETLK:
        return as_it_is(call);
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        result = as_it_is(call);
        if (!is_error(result))
            set_descriptor(slot, result, descriptor_kind(slot, call->rdi));
        return result;
    default:
        return NOT_SERVED;
    }
}

void add_fcntl_outputs(struct hook_draft *draft, const struct hook_call *call, long result)
{
    if ((uint32_t)call->rsi == F_GETLK && !is_error(result))
        add_output(draft, call->rdx, FLOCK_BYTES);
}

#define FICLONE 0x40049409u /* linux/fs.h */

/* Bytes that the request writes; -1: it is not served. asm-generic/ioctls.h, asm/termbits.h. */
static int ioctl_bytes(uint64_t request)
{
    switch ((uint32_t)request) {
    case 0x5401: /* TCGETS */
        return 36;
    case 0x5413: /* TIOCGWINSZ */
        return 8;
    case 0x540f: /* TIOCGPGRP */
    case 0x541b: /* FIONREAD */
        return 4;
    case 0x5421: /* FIONBIO */
    case 0x5450: /* FIONCLEX */
    case 0x5451: /* FIOCLEX */
        return 0;
    default:
        return -1;
    }
}

long serve_ioctl(const struct hook_slot *slot, const struct hook_call *call)
{
    if ((uint32_t)call->rsi == FICLONE)
        return serve_copy(slot, call, call->rdx, call->rdi);
    return ioctl_bytes(call->rsi) < 0 ? NOT_SERVED : as_it_is(call);
}

void add_ioctl_outputs(struct hook_draft *draft, const struct hook_call *call, long result)
{
    int bytes = ioctl_bytes(call->rsi);
    if (!is_error(result) && bytes > 0)
        add_output(draft, call->rdx, (uint64_t)bytes);
}
