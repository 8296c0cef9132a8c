/*
 * What the hook does with each system call: one row a call, at HOOK_PLAN in every tracee, made by
 * plan.c from the table of calls.
 */
#ifndef REEL_FASTPATH_HOOK_PLAN_H
#define REEL_FASTPATH_HOOK_PLAN_H

#include <stdint.h>

enum hook_shape {
    SHAPE_TRACED, /* the hook does not serve it */
    SHAPE_PLAIN,  /* made as it is: it never waits for anybody */
    SHAPE_READ,   /* read, write: as they are, or with RWF_NOWAIT, as their descriptor is */
    SHAPE_WRITE,
    SHAPE_READV,
    SHAPE_WRITEV,
    SHAPE_FILE_READ,  /* pread64, getdents64: only of files */
    SHAPE_FILE_WRITE, /* pwrite64 */
    SHAPE_RECEIVE,    /* recvfrom, sendto: with MSG_DONTWAIT */
    SHAPE_SEND,
    SHAPE_SENDFILE, /* sendfile, copy_file_range: from file to file */
    SHAPE_COPY_RANGE,
    SHAPE_OPEN,
    SHAPE_CLOSE,
    SHAPE_DUP, /* dup, dup2, dup3 */
    SHAPE_PIPE,
    SHAPE_SOCKET, /* socket, eventfd …: the result is a descriptor that is no file's */
    SHAPE_SOCKETPAIR,
    SHAPE_SET_OPTION,
    SHAPE_FCNTL,
    SHAPE_IOCTL,
    SHAPE_FUTEX,
    SHAPE_POLL,       /* poll, ppoll: with a timeout of 0 */
    SHAPE_EPOLL_WAIT, /* epoll_wait, epoll_pwait: likewise */
    SHAPE_YIELD,
    SHAPE_RANDOM,
    SHAPE_ASK_LIMIT, /* prlimit64, of no new limit */
    SHAPE_ACTION,    /* rt_sigaction, of signals that the recorder does not follow */
    SHAPE_MASK,      /* rt_sigprocmask, likewise */
};

enum hook_output_kind {
    OUTPUT_NONE,
    OUTPUT_FIXED,  /* `bytes` */
    OUTPUT_SIZED,  /* argument `of` times `bytes` */
    OUTPUT_RESULT, /* result times `bytes`, at most argument `of` times `bytes` */
    OUTPUT_LENGTH, /* as many as the u32 at argument `of` says, at most what it said before */
};

struct hook_output {
    uint8_t kind : 4; /* enum hook_output_kind */
    uint8_t argument : 4;
    uint8_t of;
    uint16_t bytes;
};

#define HOOK_PLAN_OUTPUTS 3

struct hook_plan {
    uint8_t shape;    /* enum hook_shape */
    uint8_t on_error; /* its outputs are written even if it fails */
    uint8_t variant;  /* of the shape: hook.c */
    uint8_t reserved;
    struct hook_output output[HOOK_PLAN_OUTPUTS];
};

#define HOOK_PLAN_CALLS 480

/* Variants of SHAPE_OPEN, and of SHAPE_POLL and SHAPE_EPOLL_WAIT. */
enum { VARIANT_OPEN, VARIANT_OPENAT, VARIANT_CREAT };
enum { VARIANT_WITHOUT_MASK, VARIANT_WITH_MASK };

#endif
