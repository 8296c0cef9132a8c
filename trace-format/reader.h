/*
 * Reading a trace. The reader trusts nothing: lengths are bounded, checksums compared, unknown
 * kinds refused by name and file offset. A file that is cut anywhere reads to its last whole frame,
 * and in it to each stream's last whole event.
 *
 * Opening scans all frame headers; a frame's payload is verified and unpacked when a cursor first
 * needs it.
 */
#ifndef REEL_TRACE_FORMAT_READER_H
#define REEL_TRACE_FORMAT_READER_H

#include "engine/base/error.h"
#include "trace-format/event.h"
#include "trace-format/header.h"

struct trace_reader;
struct event_cursor;

/* `directory` as the user named it. Errors name the file and, where the bytes are bad, the offset.
 */
struct error *trace_reader_open(const char *directory, struct trace_reader **ret) MUST_CHECK;
void trace_reader_close(struct trace_reader *reader);

const char *trace_reader_directory(const struct trace_reader *reader);
const struct trace_header *trace_reader_header(const struct trace_reader *reader);

/* The end frame's contents, or NULL: the recording did not end in order. */
const struct trace_end *trace_reader_end(const struct trace_reader *reader);

/* Bytes at the end of the file that belong to no whole frame (a killed recorder), and where they
 * start. */
uint64_t trace_reader_cut_bytes(const struct trace_reader *reader, uint64_t *offset);

/* A stream as a whole. Streams are numbered from 1 to trace_reader_streams(). */
struct stream_info {
    uint32_t stream;
    struct stream_origin origin; /* owned by the reader */
    uint64_t start_tick;
    uint32_t first_tid;
    uint64_t events; /* whole ones */
};
uint32_t trace_reader_streams(const struct trace_reader *reader);

/* NULL if there is no such stream. An event of a trace without an end may name a stream that did
 * not reach the file (FORK, EXEC). */
const struct stream_info *trace_reader_stream(const struct trace_reader *reader, uint32_t stream);

/* A cursor over one stream, before event 0. The reader must outlive it. */
struct error *event_cursor_create(struct trace_reader *reader, uint32_t stream,
                                  struct event_cursor **ret) MUST_CHECK;
void event_cursor_destroy(struct event_cursor *cursor);

/* The next event; *ret is NULL at the stream's (whole) end. The event lives until the cursor is
 * moved again. */
struct error *event_cursor_next(struct event_cursor *cursor, const struct event **ret) MUST_CHECK;

/* Makes event `number` the next one. Past the end: the next event is then none. After an error a
 * cursor gives errors until it is moved by this. */
struct error *event_cursor_seek(struct event_cursor *cursor, uint64_t number) MUST_CHECK;

/* What `reel verify` and `reel info` tell; counts are of the file as it is. */
struct trace_check {
    uint64_t file_bytes, frames, events, raw_bytes;
    bool ended; /* the end frame is there */
    uint64_t cut_bytes, cut_offset;
};

/* Reads and verifies every frame and every event. A flipped bit anywhere is an error. */
struct error *trace_reader_verify(struct trace_reader *reader, struct trace_check *ret) MUST_CHECK;

#endif
