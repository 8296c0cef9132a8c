/*
 * What `reel info` counts in one pass over a trace.
 */
#ifndef REEL_COMMANDS_TRACE_STATISTICS_H
#define REEL_COMMANDS_TRACE_STATISTICS_H

#include "commands/process_tree.h"
#include "trace-format/reader.h"

#define EVENT_SLOTS 64 /* more than the largest kind */

struct call_count {
    uint64_t number;
    uint64_t times;
};

struct trace_statistics {
    struct trace_check check;
    struct process_tree tree;
    uint64_t events[EVENT_SLOTS]; /* by kind */
    struct call_count *calls;     /* by falling `times`; those that occur */
    size_t call_count;
    size_t patched_sites, traced_sites; /* site_statistics_count() */
};

/* Verifies the trace, then counts. Freed with trace_statistics_deinit(), also after an error. */
struct error *trace_statistics_read(struct trace_reader *reader,
                                    struct trace_statistics *ret) MUST_CHECK;
void trace_statistics_deinit(struct trace_statistics *statistics);

#endif
