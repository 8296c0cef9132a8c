/* What the files of the reader share: the open trace with its index of frames. */
#ifndef REEL_TRACE_FORMAT_READER_PRIVATE_H
#define REEL_TRACE_FORMAT_READER_PRIVATE_H

#include "trace-format/frame.h"
#include "trace-format/reader.h"

struct indexed_frame {
    uint64_t offset; /* of its header in the file */
    struct frame frame;
};

struct indexed_stream {
    struct stream_info info;
    struct indexed_frame *frames;
    size_t count, capacity;
};

/* Immutable once open, so that cursors need no lock. */
struct trace_reader {
    int fd;
    char *directory, *path;
    uint64_t file_bytes;
    struct trace_header header;
    bool ended;
    struct trace_end end;
    uint64_t cut_bytes, cut_offset;
    uint64_t frames, raw_bytes; /* of all kinds */
    struct indexed_stream *streams;
    size_t stream_count, stream_capacity;
    size_t unborn; /* streams behind those, at the end of a cut file, without a whole START */
};

/* Reads, checks and unpacks a frame's payload; both rooms hold FRAME_RAW_MAX bytes. */
struct error *reader_load(const struct trace_reader *reader, const struct indexed_frame *frame,
                          uint8_t *packed, uint8_t *raw) MUST_CHECK;

/* `error` with the file and the offset before it. */
struct error *reader_error_at(const struct trace_reader *reader, uint64_t offset,
                              struct error *error) MUST_CHECK;

/* Exactly `size` bytes at `offset`. */
struct error *reader_read(const struct trace_reader *reader, uint64_t offset, void *ret,
                          size_t size) MUST_CHECK;

/* Fills in the infos of all streams, and counts off those without a whole START
 * (reader_streams.c). */
struct error *reader_find_streams(struct trace_reader *reader) MUST_CHECK;

#endif
