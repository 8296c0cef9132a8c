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

void print_points_found(const struct point_statistics *points)
{
    uint64_t total = 0, seen = 0, median = 0;
    for (size_t i = 0; i < POINT_CHECKS_MAX; i++)
        total += points->by_checks[i];
    while (median < POINT_CHECKS_MAX - 1 && (seen += points->by_checks[median]) * 2 < total)
        median++;
    if (total)
        fprintf(
            stderr,
            "reel: %lu points between calls, found by comparing the state %lu times (median; at "
            "most %lu)\n",
            total, median, points->most);
}

void print_points_named(uint64_t points, uint64_t nanoseconds)
{
    if (points)
        fprintf(stderr, "reel: %lu points between calls, named in %lu us each\n", points,
                nanoseconds / points / 1000);
}

void print_statistics(uint64_t stops, uint64_t calls, uint64_t events)
{
    fprintf(stderr, "reel: %lu ptrace stops, %lu system calls, %lu events\n", stops, calls, events);
}
