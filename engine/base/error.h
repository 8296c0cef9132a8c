/*
 * Errors are values: a function that can fail returns `struct error *`, and NULL is success.
 *
 * An error says what failed, on what (the message), and what the user can do about it (the remedy,
 * which may be NULL when there is nothing to do). Whoever receives one either returns it, reports
 * it, or frees it.
 *
 * Two errors are static objects, because callers test for them by address and they must not need
 * memory: err_tracee_gone, which any operation on a tracee may return (a tracee can be killed
 * between any two calls of ours), and err_no_memory. error_free() ignores them.
 */
#ifndef REEL_BASE_ERROR_H
#define REEL_BASE_ERROR_H

#include <stdbool.h>

struct error;

extern struct error err_tracee_gone;
extern struct error err_no_memory;
extern struct error err_diverged;

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

/* A new error with the given remedy (a static string, or NULL). Never fails: without memory it is
 * err_no_memory. */
struct error *error_new(const char *remedy, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* The same, with ": " and strerror(errno) behind the message. error_ptrace() is for operations on a
 * traced task: it has no remedy, and gives &err_tracee_gone for ESRCH, which is how the kernel says
 * that the task died (ptrace(2)). */
struct error *error_errno(const char *remedy, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
struct error *error_ptrace(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;

/* `error` with "PREFIX: " put before its message. Takes ownership of `error` and returns it. */
struct error *error_prefix(struct error *error, const char *format, ...)
    PRINTF_LIKE(2, 3) MUST_CHECK;

const char *error_message(const struct error *error);
const char *error_remedy(const struct error *error); /* NULL when there is none */

/* Prints "reel: MESSAGE; REMEDY" and a newline to stderr, in one write. Does not free. */
void error_report(const struct error *error);

void error_free(struct error *error);

#endif
