/*
 * Writing a trace: events go into one buffer a stream; a thread of the writer compresses full
 * buffers, and those older than 100 ms, and appends them to DIR/trace as frames. So a recorder that
 * is killed loses at most the last frame.
 *
 * A write that fails (disk full) is remembered; from then on events are dropped and every call
 * returns success, so that the program under the recorder runs on. trace_writer_finish() returns
 * what went wrong. What was written before is good.
 */
#ifndef REEL_TRACE_FORMAT_WRITER_H
#define REEL_TRACE_FORMAT_WRITER_H

#include "engine/base/error.h"
#include "trace-format/event.h"
#include "trace-format/header.h"

struct trace_writer;

/*
 * Creates `directory` (mode 0700, which must not exist or be empty) and DIR/trace with its header
 * frame, and starts the thread (with all signals blocked). The caller keeps `header`.
 */
struct error *trace_writer_create(const char *directory, const struct trace_header *header,
                                  struct trace_writer **ret) MUST_CHECK;

/*
 * An event must be one that a reader accepts (event_problem() in event_encode.h says what is not),
 * and a stream's first event a START that has an origin; another one counts as a failed write.
 */

/*
 * Appends `event` to `stream`, giving it the stream's next number and the trace's next tick, which
 * are stored into *event for the caller. Streams are numbered by the caller, from 1, densely, in
 * order of their START events; each is written by one thread at a time. Thread-safe; never blocks
 * on the disk but when the queue of full buffers is full (then it waits).
 */
void trace_writer_event(struct trace_writer *writer, uint32_t stream, struct event *event);

/*
 * Appends calls of task `tid` that were made without a stop: whole, good entries
 * (call_entries_check()), each of which gets the next number and tick as an event. Behind the
 * stream's START, and not between the parts of an event. Costs a copy of the bytes.
 */
void trace_writer_calls(struct trace_writer *writer, uint32_t stream, uint32_t tid,
                        const uint8_t *entries, size_t size);

/* Whether a write has failed: the recorder may then skip collecting data. */
bool trace_writer_failed(const struct trace_writer *writer);

/* Writes what is buffered and, unless `end` is NULL, the end frame (with the writer's own count of
 * events, not end->events); joins the thread; frees the writer. */
struct error *trace_writer_finish(struct trace_writer *writer,
                                  const struct trace_end *end) MUST_CHECK;

#endif
