/*
 * The table of x86-64 system calls: one row a call (x86_64.def), read by the recorder, the
 * replayer's dump, the seccomp filter and the fast path. Nothing else in reel knows what a
 * particular call reads or writes, but irregular.c.
 *
 * A row describes each argument: how people read it, and what memory it stands for. `ARG_OUT…`
 * arguments are pointers to memory that the kernel writes; how much is a constant, another
 * argument, the result, or found in memory.
 */
#ifndef REEL_SYSCALL_CALL_TABLE_H
#define REEL_SYSCALL_CALL_TABLE_H

#include "engine/base/types.h"

#define CALL_ARGUMENTS 6

enum call_flags {
    CALL_MAY_BLOCK = 1 << 0,  /* may sleep for as long as somebody else likes */
    CALL_MAPS = 1 << 1,       /* changes the address space */
    CALL_MAKES_TASK = 1 << 2, /* fork, vfork, clone, clone3 */
    CALL_EXEC = 1 << 3,
    CALL_EXITS = 1 << 4,        /* exit, exit_group: never returns */
    CALL_SIGNAL_STATE = 1 << 5, /* changes dispositions, the mask or the alternate stack, or may
                                   raise a signal here */
    CALL_SIGRETURN = 1 << 6,
    CALL_REFUSED = 1 << 7, /* answered with row->refusal, as an older kernel would */
    CALL_SENDS =
        1 << 8, /* sends bytes from memory to descriptor argument 0 (write family): may be output */
    CALL_COPIES_OUT = 1 << 9, /* moves bytes to a descriptor inside the kernel (sendfile, splice,
                                 copy_file_range) */
    CALL_FAST = 1 << 10,      /* the fast path may take it */
    CALL_OUT_ON_ERROR =
        1 << 11, /* writes its outputs even when it fails (nanosleep's remainder, poll) */
};

/* How one argument reads, and what it points to. `of` is another argument's index, `bytes` a
 * constant size. */
enum call_arg_kind {
    ARG_NONE,
    /* plain values */
    ARG_INT,
    ARG_UINT,
    ARG_HEX,
    ARG_SIZE,
    ARG_FD,
    ARG_MODE,
    ARG_FLAGS, /* `bytes` is the enum flag_set that names them (flag_text.h) */
    ARG_SIGNAL,
    ARG_PID,
    ARG_ADDRESS,
    ARG_OFFSET,
    /* memory that the kernel reads */
    ARG_STRING,   /* to NUL */
    ARG_IN,       /* `bytes` */
    ARG_IN_SIZED, /* argument `of` times `bytes` (bytes >= 1) */
    ARG_IN_IOVEC, /* argument `of` iovecs, and what they point to */
    ARG_IN_MSGHDR,
    ARG_IN_MMSGHDR, /* sendmmsg: argument `of` messages, of which `result` get their msg_len */
    ARG_IN_STRINGS, /* a NULL-terminated array of strings */
    /* memory that the kernel writes */
    ARG_OUT,         /* `bytes` */
    ARG_OUT_SIZED,   /* argument `of` times `bytes` */
    ARG_OUT_RESULT,  /* result times `bytes`, at most argument `of` times `bytes` */
    ARG_OUT_LENGTH,  /* as many as the in-out u32 at argument `of` says afterwards, at most what it
                        said before */
    ARG_OUT_IOVEC,   /* result bytes over argument `of` iovecs */
    ARG_OUT_MSGHDR,  /* recvmsg */
    ARG_OUT_MMSGHDR, /* recvmmsg: result messages, at most argument `of` */
    /* read, then written */
    ARG_INOUT,       /* `bytes` */
    ARG_INOUT_SIZED, /* argument `of` times `bytes` */
    /* irregular.c knows (ioctl, fcntl, prctl, select's sets …). It may also add to what the other
       arguments of a call say: its functions go by the call's number */
    ARG_IRREGULAR,
};

struct call_arg {
    uint8_t kind; /* enum call_arg_kind */
    uint8_t of;
    uint16_t bytes;
};

struct call_row {
    const char *name;   /* NULL: no such call */
    uint32_t flags;     /* enum call_flags */
    int16_t refusal;    /* CALL_REFUSED: a negative errno */
    const char *reason; /* CALL_REFUSED: why, for people; else NULL */
    struct call_arg argument[CALL_ARGUMENTS];
};

/* The row of call `number`; NULL if the table has none. */
const struct call_row *call_row(uint64_t number);

/* One more than the largest number in the table. */
size_t call_row_count(void);

#endif
