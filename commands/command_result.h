/*
 * How commands begin and end: finding and opening the trace that the user means, and turning an
 * error into a message and an exit status.
 */
#ifndef REEL_COMMANDS_COMMAND_RESULT_H
#define REEL_COMMANDS_COMMAND_RESULT_H

#include "engine/base/cleanup.h"
#include "engine/base/error.h"
#include "replay/session.h"
#include "trace-format/reader.h"

/* COMMAND_OK when `error` is NULL and everything printed has reached standard output; else reports
 * what went wrong, frees it, and gives COMMAND_FAILED. */
int command_result(struct error *error);

/* The trace that `name` stands for (trace_find(); NULL: the latest), opened. */
struct error *open_trace(const char *name, struct trace_reader **ret) MUST_CHECK;

/* --statistics of record and replay, to stderr. */
void print_statistics(uint64_t stops, uint64_t calls, uint64_t events);
void print_points_named(uint64_t points, uint64_t nanoseconds);
void print_points_found(const struct point_statistics *points);

/* CLEANUP(trace_reader) */
static inline void cleanup_trace_reader(struct trace_reader **reader)
{
    if (*reader)
        trace_reader_close(*reader);
}

#endif
