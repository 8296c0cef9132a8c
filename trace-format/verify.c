/* Reading all of a trace, to know that it can be. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/base/cleanup.h"
#include "trace-format/reader_private.h"

static const char remedy_damaged[] =
    "the file was damaged or not written by reel: restore it from a copy, or record again";

/* Notes the streams that the event begins as copies; the cursor has checked that they agree. */
static void note_forks(const struct trace_reader *reader, const struct event *event, bool *seen)
{
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        if (effect->kind == EFFECT_FORK && trace_reader_stream(reader, effect->fork.stream))
            seen[effect->fork.stream - 1] = true;
    }
}

static struct error *verify_stream(struct trace_reader *reader, uint32_t stream, bool *seen,
                                   uint64_t *events)
{
    struct event_cursor *cursor;
    const struct event *event;
    struct error *error = event_cursor_create(reader, stream, &cursor);
    if (error)
        return error;
    while (!(error = event_cursor_next(cursor, &event)) && event) {
        note_forks(reader, event, seen);
        ++*events;
    }
    event_cursor_destroy(cursor);
    return error;
}

/* What there is of a stream that did not begin counts for nothing, but must be whole. */
static struct error *verify_unborn(const struct trace_reader *reader)
{
    CLEANUP(free) uint8_t *room = malloc(2 * (size_t)FRAME_RAW_MAX);
    if (!room)
        return &err_no_memory;
    for (size_t i = 0; i < reader->unborn; i++) {
        const struct indexed_stream *stream = &reader->streams[reader->stream_count + i];
        for (size_t j = 0; j < stream->count; j++) {
            struct error *error =
                reader_load(reader, &stream->frames[j], room, room + FRAME_RAW_MAX);
            if (error)
                return error;
        }
    }
    return NULL;
}

static struct error *verify_origins(const struct trace_reader *reader, const bool *seen)
{
    for (size_t i = 0; i < reader->stream_count; i++) {
        const struct stream_origin *origin = &reader->streams[i].info.origin;
        if (!origin->forked || seen[i])
            continue;
        if (origin->parent_event < reader->streams[origin->parent_stream - 1].info.events)
            return error_new(remedy_damaged,
                             "%s: event %" PRIu64 " of stream %u does not begin stream %zu",
                             reader->path, origin->parent_event, origin->parent_stream, i + 1);
    }
    return NULL;
}

struct error *trace_reader_verify(struct trace_reader *reader, struct trace_check *ret)
{
    CLEANUP(free) bool *seen = calloc(reader->stream_count + 1, sizeof(*seen));
    if (!seen)
        return &err_no_memory;
    *ret = (struct trace_check){
        .file_bytes = reader->file_bytes,
        .frames = reader->frames,
        .raw_bytes = reader->raw_bytes,
        .ended = reader->ended,
        .cut_bytes = reader->cut_bytes,
        .cut_offset = reader->cut_offset,
    };
    struct error *error = NULL;
    for (uint32_t stream = 1; !error && stream <= reader->stream_count; stream++)
        error = verify_stream(reader, stream, seen, &ret->events);
    if (!error)
        error = verify_origins(reader, seen);
    if (!error)
        error = verify_unborn(reader);
    if (!error && reader->ended && reader->end.events != ret->events)
        error = error_new(remedy_damaged, "%s: %" PRIu64 " events where there were %" PRIu64,
                          reader->path, ret->events, reader->end.events);
    return error;
}
