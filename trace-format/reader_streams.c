/*
 * What a reader knows of its streams when it is open: where each comes from. The origin is the
 * first record of a stream, so that one frame a stream is unpacked (more if its arguments are
 * long), and not the memory image of every START.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "trace-format/event_decode.h"
#include "trace-format/header_code.h"
#include "trace-format/reader_private.h"

static const char remedy_damaged[] =
    "the file was damaged or not written by reel: restore it from a copy, or record again";

static struct error *copy_origin(struct stream_info *info, const struct event_decoder *decoder)
{
    info->origin = decoder->origin;
    info->origin.executable = strdup(decoder->origin.executable);
    info->origin.arguments = strings_copy(decoder->origin.arguments);
    info->start_tick = decoder->origin_tick;
    info->first_tid = decoder->origin_tid;
    return info->origin.executable && info->origin.arguments ? NULL : &err_no_memory;
}

/* `room` is for a frame packed and raw. */
static struct error *read_origin(struct trace_reader *reader, struct indexed_stream *stream,
                                 struct event_decoder *decoder, uint8_t *room)
{
    bool whole = false;
    struct error *error = NULL;
    event_decoder_start(decoder, 0);
    for (size_t i = 0; !error && !whole; i++) {
        const struct indexed_frame *frame = &stream->frames[i];
        if (i == stream->count)
            return error_new(remedy_damaged, "%s: stream %u has no whole origin", reader->path,
                             stream->info.stream);
        error = reader_load(reader, frame, room, room + FRAME_RAW_MAX);
        if (error)
            return error;
        error = event_decoder_frame(decoder, &frame->frame, room + FRAME_RAW_MAX);
        if (!error)
            error = event_decoder_origin(decoder, &whole);
        error = reader_error_at(reader, frame->offset, error);
    }
    return error ? error : copy_origin(&stream->info, decoder);
}

/* A parent is an earlier stream, and has the event after which the copy was made. That one may be
 * missing only where the recording was cut. */
static struct error *check_parent(const struct trace_reader *reader, const struct stream_info *info)
{
    const struct stream_origin *origin = &info->origin;
    if (!origin->forked)
        return NULL;
    if (origin->parent_stream == 0 || origin->parent_stream >= info->stream)
        return error_new(remedy_damaged, "%s: stream %u claims to be a copy of stream %u",
                         reader->path, info->stream, origin->parent_stream);
    if (reader->ended &&
        origin->parent_event >= reader->streams[origin->parent_stream - 1].info.events)
        return error_new(remedy_damaged,
                         "%s: stream %u claims to begin at event %" PRIu64
                         " of stream %u, which has %" PRIu64,
                         reader->path, info->stream, origin->parent_event, origin->parent_stream,
                         reader->streams[origin->parent_stream - 1].info.events);
    return NULL;
}

/* A stream begins to exist with its whole START. Only at the end of a cut file may it lack one. */
static struct error *count_off_unborn(struct trace_reader *reader)
{
    while (!reader->ended && reader->stream_count &&
           reader->streams[reader->stream_count - 1].info.events == 0) {
        reader->stream_count--;
        reader->unborn++;
    }
    for (size_t i = 0; i < reader->stream_count; i++) {
        if (reader->streams[i].info.events == 0)
            return error_new(remedy_damaged, "%s: stream %zu has no whole start event",
                             reader->path, i + 1);
    }
    return NULL;
}

struct error *reader_find_streams(struct trace_reader *reader)
{
    struct event_decoder decoder;
    CLEANUP(free) uint8_t *room = malloc(2 * (size_t)FRAME_RAW_MAX);
    if (!room)
        return &err_no_memory;
    struct error *error = count_off_unborn(reader);
    event_decoder_init(&decoder);
    for (size_t i = 0; !error && i < reader->stream_count; i++) {
        reader->streams[i].info.stream = (uint32_t)i + 1;
        error = read_origin(reader, &reader->streams[i], &decoder, room);
        if (!error)
            error = check_parent(reader, &reader->streams[i].info);
    }
    event_decoder_deinit(&decoder);
    return error;
}
