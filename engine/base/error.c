#include "engine/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct error {
    const char *remedy;
    char *message;
};

struct error err_tracee_gone = {.message = (char *)"the traced task is gone"};
struct error err_no_memory = {.message = (char *)"out of memory"};
struct error err_diverged = {.message = (char *)"the replay diverged from the recording"};

static bool is_static(const struct error *error)
{
    return error == &err_tracee_gone || error == &err_no_memory || error == &err_diverged;
}

static struct error *error_from(const char *remedy, char *message)
{
    struct error *error = message ? malloc(sizeof(*error)) : NULL;
    if (!error) {
        free(message);
        return &err_no_memory;
    }
    error->remedy = remedy;
    error->message = message;
    return error;
}

/* "FORMATTED: TAIL" on the heap, or NULL without memory. */
static char *format_with_tail(const char *tail, const char *format, va_list arguments)
{
    char *head = NULL;
    char *whole = NULL;
    if (vasprintf(&head, format, arguments) < 0)
        return NULL;
    if (asprintf(&whole, "%s: %s", head, tail) < 0)
        whole = NULL;
    free(head);
    return whole;
}

struct error *error_new(const char *remedy, const char *format, ...)
{
    va_list arguments;
    char *message = NULL;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    va_end(arguments);
    return error_from(remedy, message);
}

struct error *error_errno(const char *remedy, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_with_tail(strerror(errno), format, arguments);
    va_end(arguments);
    return error_from(remedy, message);
}

struct error *error_ptrace(const char *format, ...)
{
    if (errno == ESRCH)
        return &err_tracee_gone;
    va_list arguments;
    va_start(arguments, format);
    char *message = format_with_tail(strerror(errno), format, arguments);
    va_end(arguments);
    return error_from(NULL, message);
}

struct error *error_prefix(struct error *error, const char *format, ...)
{
    if (!error || is_static(error))
        return error;
    va_list arguments;
    va_start(arguments, format);
    char *message = format_with_tail(error->message, format, arguments);
    va_end(arguments);
    if (message) {
        free(error->message);
        error->message = message;
    }
    return error;
}

const char *error_message(const struct error *error)
{
    return error->message;
}

const char *error_remedy(const struct error *error)
{
    return error->remedy;
}

void error_report(const struct error *error)
{
    char line[4096];
    int length = snprintf(line, sizeof(line), "reel: %s%s%s\n", error->message,
                          error->remedy ? "; " : "", error->remedy ? error->remedy : "");
    if (length >= (int)sizeof(line))
        length = sizeof(line) - 1;
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)length);
    (void)ignored;
}

void error_free(struct error *error)
{
    if (!error || is_static(error))
        return;
    free(error->message);
    free(error);
}
