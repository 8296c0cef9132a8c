/*
 * All streams' events as one sequence, in order of their ticks.
 *
 * A recording of a large build has thousands of streams, few of which live at once: a stream's
 * cursor is opened when the sequence reaches the stream's start and closed at its end.
 */
#ifndef REEL_COMMANDS_TRACE_MERGE_H
#define REEL_COMMANDS_TRACE_MERGE_H

#include "engine/base/cleanup.h"
#include "trace-format/reader.h"

struct trace_merge;

/* The reader must outlive it. */
struct error *trace_merge_create(struct trace_reader *reader, struct trace_merge **ret) MUST_CHECK;
void trace_merge_destroy(struct trace_merge *merge);

/* The next event and its stream; *ret is NULL behind the last. The event lives until the next
 * call. */
struct error *trace_merge_next(struct trace_merge *merge, uint32_t *stream,
                               const struct event **ret) MUST_CHECK;

/* CLEANUP(trace_merge) */
static inline void cleanup_trace_merge(struct trace_merge **merge)
{
    if (*merge)
        trace_merge_destroy(*merge);
}

#endif
