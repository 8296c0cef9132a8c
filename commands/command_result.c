#include "commands/command_result.h"

#include <errno.h>
#include <stdio.h>

#include "commands/command.h"
#include "trace-format/location.h"

int command_result(struct error *error)
{
    errno = 0;
    /* A full disk behind standard output shows here at the latest. */
    if ((fflush(stdout) || ferror(stdout)) && !error)
        error = error_errno(NULL, "cannot write to standard output");
    if (!error)
        return COMMAND_OK;
    error_report(error);
    error_free(error);
    return COMMAND_FAILED;
}

struct error *open_trace(const char *name, struct trace_reader **ret)
{
    CLEANUP(free) char *path = NULL;
    struct error *error = trace_find(name, &path);
    return error ? error : trace_reader_open(path, ret);
}

void print_statistics(uint64_t stops, uint64_t calls, uint64_t events)
{
    fprintf(stderr, "reel: %lu ptrace stops, %lu system calls, %lu events\n", stops, calls, events);
}
