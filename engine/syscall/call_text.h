/*
 * System calls, signals and errors as people write them.
 */
#ifndef REEL_SYSCALL_CALL_TEXT_H
#define REEL_SYSCALL_CALL_TEXT_H

#include "engine/base/bytes.h"
#include "engine/syscall/call_model.h"

/* "openat(AT_FDCWD, 0x7ffe…, O_RDONLY|O_CLOEXEC)" appended without a NUL: arguments by their kind,
 * as far as the row knows. */
void call_text(struct buffer *buffer, const struct call *call);

/* "= 3" or "= -2 ENOENT"; addresses in hexadecimal when the row's call returns one. */
void call_result_text(struct buffer *buffer, const struct call *call);

const char *
errno_name(int error); /* "ENOENT"; also ERESTARTSYS and its siblings; NULL if unknown */
const char *signal_name(int signal); /* "SIGSEGV", "SIGRT3"; never NULL (static storage) */

#endif
