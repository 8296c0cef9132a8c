/*
 * Walking a stream. A cursor holds one unpacked frame and the decoder that stands in it; the reader
 * is only read, so cursors are independent of each other.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "trace-format/event_decode.h"
#include "trace-format/reader_private.h"

static const char remedy_damaged[] =
    "the file was damaged or not written by reel: restore it from a copy, or record again";

struct event_cursor {
    const struct trace_reader *reader;
    const struct indexed_stream *stream;
    size_t next_frame; /* the frame after the one in the decoder */
    bool loaded;       /* a frame is in the decoder */
    size_t cached;     /* the frame in `raw`, counted from 1; 0 for none */
    bool failed;
    struct event_decoder decoder;
    uint8_t packed[FRAME_RAW_MAX];
    uint8_t raw[FRAME_RAW_MAX];
};

struct error *event_cursor_create(struct trace_reader *reader, uint32_t stream,
                                  struct event_cursor **ret)
{
    if (!trace_reader_stream(reader, stream))
        return error_new("`reel ps` lists the streams", "%s has no stream %u", reader->path,
                         stream);
    struct event_cursor *cursor = malloc(sizeof(*cursor));
    if (!cursor)
        return &err_no_memory;
    cursor->reader = reader;
    cursor->stream = &reader->streams[stream - 1];
    cursor->next_frame = cursor->cached = 0;
    cursor->loaded = cursor->failed = false;
    event_decoder_init(&cursor->decoder);
    event_decoder_start(&cursor->decoder, 0);
    *ret = cursor;
    return NULL;
}

void event_cursor_destroy(struct event_cursor *cursor)
{
    if (!cursor)
        return;
    event_decoder_deinit(&cursor->decoder);
    free(cursor);
}

static uint64_t current_offset(const struct event_cursor *cursor)
{
    return cursor->stream->frames[cursor->next_frame - 1].offset;
}

static struct error *load_next_frame(struct event_cursor *cursor)
{
    const struct indexed_frame *frame = &cursor->stream->frames[cursor->next_frame++];
    cursor->loaded = false;
    if (cursor->cached != cursor->next_frame) {
        cursor->cached = 0;
        struct error *error = reader_load(cursor->reader, frame, cursor->packed, cursor->raw);
        if (error)
            return error;
        cursor->cached = cursor->next_frame;
    }
    cursor->loaded = true;
    return reader_error_at(cursor->reader, frame->offset,
                           event_decoder_frame(&cursor->decoder, &frame->frame, cursor->raw));
}

/* A stream that this event begins must be a later one, and if it is in the file, say the same. */
static struct error *check_new_stream(const struct event_cursor *cursor, const struct event *event,
                                      uint32_t number, bool forked)
{
    const struct stream_info *child = trace_reader_stream(cursor->reader, number);
    uint32_t own = cursor->stream->info.stream;
    bool agrees = child && child->origin.forked == forked;
    if (agrees && forked)
        agrees = child->origin.parent_stream == own && child->origin.parent_event == event->number;
    if (number > own && (agrees || (!child && !cursor->reader->ended)))
        return NULL;
    return error_new(remedy_damaged,
                     "event %" PRIu64 " of stream %u begins stream %u, which is not its %s",
                     event->number, own, number, forked ? "copy" : "successor");
}

static struct error *check_references(const struct event_cursor *cursor, const struct event *event)
{
    struct error *error = NULL;
    if (event->kind == EVENT_EXEC)
        error = check_new_stream(cursor, event, event->next_stream, false);
    for (size_t i = 0; !error && i < event->effect_count; i++) {
        if (event->effects[i].kind == EFFECT_FORK)
            error = check_new_stream(cursor, event, event->effects[i].fork.stream, true);
    }
    return error;
}

/* The next event as the decoder has it, of kind 0 if only its end was read. */
static struct error *decode_next(struct event_cursor *cursor, const struct event **ret)
{
    *ret = NULL;
    for (;;) {
        struct error *error = NULL;
        if (cursor->loaded)
            error = event_decoder_next(&cursor->decoder, ret);
        if (error)
            return reader_error_at(cursor->reader, current_offset(cursor), error);
        if (*ret)
            return reader_error_at(cursor->reader, current_offset(cursor),
                                   check_references(cursor, *ret));
        if (cursor->next_frame == cursor->stream->count)
            break;
        error = load_next_frame(cursor);
        if (error)
            return error;
    }
    if (cursor->reader->ended && event_decoder_pending(&cursor->decoder))
        return error_new(remedy_damaged, "%s: the last event of stream %u has no end",
                         cursor->reader->path, cursor->stream->info.stream);
    return NULL; /* an event that was begun does not exist */
}

struct error *event_cursor_next(struct event_cursor *cursor, const struct event **ret)
{
    *ret = NULL;
    if (cursor->failed)
        return error_new(remedy_damaged, "%s: stream %u is damaged before the event asked for",
                         cursor->reader->path, cursor->stream->info.stream);
    struct error *error = decode_next(cursor, ret);
    if (error)
        *ret = NULL;
    cursor->failed = error;
    return error;
}

/* The frame in which event `number` begins: the last one that begins with it or an earlier one. */
static size_t find_frame(const struct indexed_stream *stream, uint64_t number)
{
    size_t low = 0, high = stream->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        const struct frame *frame = &stream->frames[middle].frame;
        uint64_t begins = frame->first_event + (frame->flags & FRAME_CONTINUES ? 1 : 0);
        if (begins <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Puts the decoder before the first record of a frame. */
static void go_to_frame(struct event_cursor *cursor, size_t frame)
{
    const struct indexed_stream *stream = cursor->stream;
    bool past = frame == stream->count;
    cursor->loaded = false;
    cursor->next_frame = frame;
    event_decoder_start(&cursor->decoder, past ? 0 : stream->frames[frame].frame.first_event);
}

struct error *event_cursor_seek(struct event_cursor *cursor, uint64_t number)
{
    const struct indexed_stream *stream = cursor->stream;
    const struct event *event = NULL;
    bool past = number >= stream->info.events;
    size_t frame = past ? stream->count : find_frame(stream, number);
    bool ahead = !past && !cursor->failed && cursor->loaded && cursor->next_frame == frame + 1 &&
                 cursor->decoder.number <= number;
    if (!ahead)
        go_to_frame(cursor, frame);
    cursor->failed = false;
    event_decoder_skip_calls(&cursor->decoder, number);
    while (!past && cursor->decoder.number < number) {
        struct error *error = decode_next(cursor, &event);
        cursor->failed = error || !event;
        if (cursor->failed)
            return error;
        event_decoder_skip_calls(&cursor->decoder, number);
    }
    return NULL;
}
