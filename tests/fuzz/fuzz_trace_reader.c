/*
 * libFuzzer on the reader of traces. Build: cmake -DREEL_FUZZ=ON with CC=clang; run in an empty
 * directory: fuzz_trace_reader CORPUS/
 *
 * An input's first byte says what it is:
 *   0      a whole file
 *   else   payloads of events frames, each behind (stream, flags and events, two bytes of length),
 *          which are put into a trace with right checksums, an end frame behind if bit 1 is set
 *
 * so that the fuzzer need not find XXH3 hashes to get to the records.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/bytes.h"
#include "trace-format/frame.h"
#include "trace-format/header_code.h"
#include "trace-format/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *directory(void)
{
    static char path[] = "/dev/shm/reel-fuzz-XXXXXX";
    static bool made;
    if (!made && !mkdtemp(path))
        abort();
    made = true;
    return path;
}

static void put_frame(struct buffer *file, struct frame *frame, const uint8_t *raw, size_t size)
{
    static uint8_t room[FRAME_HEADER_BYTES + FRAME_RAW_MAX];
    frame->raw_length = (uint32_t)size;
    if (size)
        buffer_put(file, room, frame_pack(frame, raw, room));
    frame->sequence++;
}

static void put_header(struct buffer *file, struct frame *frame)
{
    struct trace_header header = {0};
    struct buffer payload = {0};
    trace_header_encode(&header, &payload);
    frame->kind = FRAME_HEADER;
    put_frame(file, frame, payload.data, payload.size);
    buffer_deinit(&payload);
}

static void put_end(struct buffer *file, struct frame *frame, uint64_t events)
{
    struct buffer payload = {0};
    trace_end_encode(&(struct trace_end){.events = events}, &payload);
    *frame = (struct frame){.kind = FRAME_END, .sequence = frame->sequence};
    put_frame(file, frame, payload.data, payload.size);
    buffer_deinit(&payload);
}

static void forge(struct buffer *file, struct cursor input, bool ended)
{
    uint64_t next[8] = {0}, events = 0;
    struct frame frame = {0};
    put_header(file, &frame);
    frame.kind = FRAME_EVENTS;
    while (cursor_left(&input) > 4) {
        frame.stream = 1 + cursor_u8(&input) % 8;
        uint8_t shape = cursor_u8(&input);
        uint64_t length = cursor_u8(&input);
        length |= (uint64_t)cursor_u8(&input) << 8;
        if (length > cursor_left(&input))
            length = cursor_left(&input);
        frame.flags = shape & 1;
        frame.events = shape >> 1;
        frame.first_event = next[frame.stream - 1];
        next[frame.stream - 1] += frame.events;
        events += frame.events;
        if (length)
            put_frame(file, &frame, cursor_bytes(&input, length), length);
    }
    if (ended)
        put_end(file, &frame, events);
}

static void seek_about(struct trace_reader *reader)
{
    for (uint32_t stream = 1; stream <= trace_reader_streams(reader); stream++) {
        struct event_cursor *cursor;
        const struct event *event;
        struct error *error = event_cursor_create(reader, stream, &cursor);
        for (uint64_t number = 9; !error && number-- > 0;) {
            error = event_cursor_seek(cursor, number);
            if (!error)
                error = event_cursor_next(cursor, &event);
            if (!error && event && event->number != number)
                abort();
        }
        error_free(error);
        event_cursor_destroy(cursor);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer file = {0};
    char path[64];
    struct trace_reader *reader;
    struct trace_check check;
    if (size == 0)
        return 0;
    if (data[0])
        forge(&file, cursor_of(data + 1, size - 1), data[0] & 2);
    else
        buffer_put(&file, data + 1, size - 1);
    snprintf(path, sizeof(path), "%s/trace", directory());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, file.data, file.size) != (ssize_t)file.size)
        abort();
    close(fd);
    buffer_deinit(&file);
    struct error *error = trace_reader_open(directory(), &reader);
    if (error) {
        error_free(error);
        return 0;
    }
    error_free(trace_reader_verify(reader, &check));
    seek_about(reader);
    trace_reader_close(reader);
    return 0;
}
