/*
 * Opening a trace: the scan of all frame headers.
 *
 * A file that ends within a frame was cut there (the recorder was killed, the disk was full): what
 * is before counts. Everything else that does not check is damage. The two cannot be confused: a
 * frame's header has its own checksum, so a length is believed only when it is the one written.
 *
 * pread, not mmap: a file that shrinks under a mapping would kill us.
 */
#include "trace-format/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "trace-format/header_code.h"
#include "trace-format/reader_private.h"

static const char remedy_damaged[] =
    "the file was damaged after it was written: restore it from a copy, or record again";
static const char remedy_again[] = "record again";

struct error *reader_error_at(const struct trace_reader *reader, uint64_t offset,
                              struct error *error)
{
    return error_prefix(error, "%s, offset %" PRIu64, reader->path, offset);
}

struct error *reader_read(const struct trace_reader *reader, uint64_t offset, void *ret,
                          size_t size)
{
    uint8_t *at = ret;
    while (size) {
        ssize_t got = pread(reader->fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno("check the disk", "cannot read %s at offset %" PRIu64, reader->path,
                               offset);
        if (got == 0)
            return error_new("do not change a trace while it is read",
                             "%s became shorter while it was read", reader->path);
        at += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    return NULL;
}

struct error *reader_load(const struct trace_reader *reader, const struct indexed_frame *frame,
                          uint8_t *packed, uint8_t *raw)
{
    struct error *error =
        reader_read(reader, frame->offset + FRAME_HEADER_BYTES, packed, frame->frame.packed_length);
    if (error)
        return error;
    return reader_error_at(reader, frame->offset, frame_unpack(&frame->frame, packed, raw));
}

static struct error *open_file(struct trace_reader *reader)
{
    struct stat stat;
    reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->fd < 0)
        return error_errno("`reel ls` lists the recordings", "cannot open %s", reader->path);
    if (fstat(reader->fd, &stat) < 0)
        return error_errno(NULL, "cannot examine %s", reader->path);
    if (!S_ISREG(stat.st_mode))
        return error_new("`reel ls` lists the recordings", "%s is not a regular file",
                         reader->path);
    reader->file_bytes = (uint64_t)stat.st_size;
    return NULL;
}

static void note_cut(struct trace_reader *reader, uint64_t offset)
{
    reader->cut_offset = offset;
    reader->cut_bytes = reader->file_bytes - offset;
}

/* The frame at `offset`; *ret has raw_length 0 if the file is cut there. */
static struct error *read_frame(struct trace_reader *reader, uint64_t offset, struct frame *ret)
{
    uint8_t bytes[FRAME_HEADER_BYTES];
    uint64_t left = reader->file_bytes - offset;
    *ret = (struct frame){0};
    if (left < sizeof(bytes)) {
        note_cut(reader, offset);
        return NULL;
    }
    struct error *error = reader_read(reader, offset, bytes, sizeof(bytes));
    if (error)
        return error;
    error = frame_parse(bytes, ret);
    if (error)
        return reader_error_at(reader, offset, error);
    if (left - sizeof(bytes) < ret->packed_length) {
        note_cut(reader, offset);
        *ret = (struct frame){0};
    }
    return NULL;
}

/* The stream that the frame belongs to, a new one if it is the next. */
static struct error *stream_of(struct trace_reader *reader, const struct frame *frame,
                               struct indexed_stream **ret)
{
    if (frame->stream > reader->stream_count + 1)
        return error_new(remedy_damaged, "a frame of stream %u where there are %zu", frame->stream,
                         reader->stream_count);
    if (frame->stream == reader->stream_count + 1) {
        if (reader->stream_count == reader->stream_capacity) {
            size_t capacity = reader->stream_capacity ? 2 * reader->stream_capacity : 8;
            void *streams = realloc(reader->streams, capacity * sizeof(*reader->streams));
            if (!streams)
                return &err_no_memory;
            reader->streams = streams;
            reader->stream_capacity = capacity;
        }
        reader->streams[reader->stream_count++] = (struct indexed_stream){0};
    }
    *ret = &reader->streams[frame->stream - 1];
    return NULL;
}

static struct error *index_frame(struct indexed_stream *stream, uint64_t offset,
                                 const struct frame *frame)
{
    bool continues = frame->flags & FRAME_CONTINUES;
    if (frame->first_event != stream->info.events || (stream->count == 0 && continues))
        return error_new(remedy_damaged,
                         "a frame of stream %u begins with event %" PRIu64 " instead of %" PRIu64,
                         frame->stream, frame->first_event, stream->info.events);
    if (stream->count == stream->capacity) {
        size_t capacity = stream->capacity ? 2 * stream->capacity : 4;
        void *frames = realloc(stream->frames, capacity * sizeof(*stream->frames));
        if (!frames)
            return &err_no_memory;
        stream->frames = frames;
        stream->capacity = capacity;
    }
    stream->frames[stream->count++] = (struct indexed_frame){offset, *frame};
    stream->info.events += frame->events;
    return NULL;
}

static struct error *load_special(struct trace_reader *reader, uint64_t offset,
                                  const struct frame *frame)
{
    CLEANUP(free) uint8_t *room = malloc(2 * (size_t)FRAME_RAW_MAX);
    if (!room)
        return &err_no_memory;
    struct indexed_frame indexed = {offset, *frame};
    struct error *error = reader_load(reader, &indexed, room, room + FRAME_RAW_MAX);
    if (error)
        return error;
    reader->ended = frame->kind == FRAME_END;
    if (frame->kind == FRAME_HEADER)
        error = trace_header_decode(room + FRAME_RAW_MAX, frame->raw_length, &reader->header);
    else
        error = trace_end_decode(room + FRAME_RAW_MAX, frame->raw_length, &reader->end);
    return reader_error_at(reader, offset, error);
}

static struct error *take_frame(struct trace_reader *reader, uint64_t offset,
                                const struct frame *frame)
{
    struct indexed_stream *stream = NULL;
    if (frame->sequence != (uint32_t)reader->frames || reader->ended ||
        (frame->kind == FRAME_HEADER) != (reader->frames == 0))
        return reader_error_at(reader, offset,
                               error_new(remedy_damaged,
                                         "a frame out of order (number %u in place %" PRIu64 ")",
                                         frame->sequence, reader->frames));
    reader->frames++;
    reader->raw_bytes += frame->raw_length;
    if (frame->kind != FRAME_EVENTS)
        return load_special(reader, offset, frame);
    struct error *error = stream_of(reader, frame, &stream);
    if (!error)
        error = index_frame(stream, offset, frame);
    return reader_error_at(reader, offset, error);
}

/* A first frame that is not there: is it a trace at all? */
static struct error *no_header(const struct trace_reader *reader)
{
    uint8_t bytes[4];
    size_t size = reader->file_bytes < sizeof(bytes) ? (size_t)reader->file_bytes : sizeof(bytes);
    struct error *error = reader_read(reader, 0, bytes, size);
    if (error)
        return error;
    if (!frame_magic_matches(bytes, size))
        return error_new("`reel ls` lists the recordings", "%s is not a trace of reel",
                         reader->path);
    return error_new(remedy_again,
                     "%s %s: the recorder was killed, or the disk full, before anything was "
                     "recorded",
                     reader->path, size ? "is cut within its header" : "is empty");
}

static struct error *scan(struct trace_reader *reader)
{
    uint64_t offset = 0;
    uint8_t start[4];
    if (reader->file_bytes >= sizeof(start)) {
        struct error *error = reader_read(reader, 0, start, sizeof(start));
        if (error)
            return error;
        if (!frame_magic_matches(start, sizeof(start)))
            return no_header(reader);
    }
    while (offset < reader->file_bytes) {
        struct frame frame;
        struct error *error = read_frame(reader, offset, &frame);
        if (!error && frame.raw_length)
            error = take_frame(reader, offset, &frame);
        if (error)
            return error;
        if (frame.raw_length == 0)
            break;
        offset += FRAME_HEADER_BYTES + frame.packed_length;
    }
    if (reader->frames == 0)
        return no_header(reader);
    if (reader->ended && reader->cut_bytes)
        return reader_error_at(reader, offset,
                               error_new(remedy_damaged, "there are bytes after the trace's end"));
    return NULL;
}

struct error *trace_reader_open(const char *directory, struct trace_reader **ret)
{
    struct trace_reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return &err_no_memory;
    reader->fd = -1;
    reader->directory = strdup(directory);
    if (!reader->directory || asprintf(&reader->path, "%s/trace", directory) < 0) {
        reader->path = NULL;
        trace_reader_close(reader);
        return &err_no_memory;
    }
    struct error *error = open_file(reader);
    if (!error)
        error = scan(reader);
    if (!error)
        error = reader_find_streams(reader);
    if (error) {
        trace_reader_close(reader);
        return error;
    }
    *ret = reader;
    return NULL;
}

static void stream_deinit(struct indexed_stream *stream)
{
    free((char *)stream->info.origin.executable);
    free((void *)stream->info.origin.arguments);
    free(stream->frames);
}

void trace_reader_close(struct trace_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->stream_count + reader->unborn; i++)
        stream_deinit(&reader->streams[i]);
    free(reader->streams);
    trace_header_deinit(&reader->header);
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->path);
    free(reader->directory);
    free(reader);
}

const char *trace_reader_directory(const struct trace_reader *reader)
{
    return reader->directory;
}

const struct trace_header *trace_reader_header(const struct trace_reader *reader)
{
    return &reader->header;
}

const struct trace_end *trace_reader_end(const struct trace_reader *reader)
{
    return reader->ended ? &reader->end : NULL;
}

uint64_t trace_reader_cut_bytes(const struct trace_reader *reader, uint64_t *offset)
{
    if (offset)
        *offset = reader->cut_offset;
    return reader->cut_bytes;
}

uint32_t trace_reader_streams(const struct trace_reader *reader)
{
    return (uint32_t)reader->stream_count;
}

const struct stream_info *trace_reader_stream(const struct trace_reader *reader, uint32_t stream)
{
    if (stream == 0 || stream > reader->stream_count)
        return NULL;
    return &reader->streams[stream - 1].info;
}
