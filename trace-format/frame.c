#include "trace-format/frame.h"

#include <inttypes.h>
#include <lz4.h>
#include <string.h>
#include <xxhash.h>

#include "engine/base/bytes.h"

static const uint8_t magic[4] = {'r', 'e', 'e', 'l'};
static const char remedy_damaged[] =
    "the file was damaged after it was written: restore it from a copy, or record again";

static uint8_t *put_number(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static void put_header(const struct frame *frame, uint8_t *room)
{
    uint8_t *at = room;
    memcpy(at, magic, sizeof(magic));
    at += sizeof(magic);
    at = put_number(at, frame->kind, 1);
    at = put_number(at, frame->flags, 1);
    at = put_number(at, 0, 2);
    at = put_number(at, frame->sequence, 4);
    at = put_number(at, frame->stream, 4);
    at = put_number(at, frame->first_event, 8);
    at = put_number(at, frame->events, 4);
    at = put_number(at, frame->raw_length, 4);
    at = put_number(at, frame->packed_length, 4);
    at = put_number(at, 0, 4);
    at = put_number(at, frame->payload_hash, 8);
    put_number(at, XXH3_64bits(room, (size_t)(at - room)), 8);
}

size_t frame_pack(struct frame *frame, const uint8_t *raw, uint8_t *room)
{
    uint8_t *payload = room + FRAME_HEADER_BYTES;
    int packed = LZ4_compress_default((const char *)raw, (char *)payload, (int)frame->raw_length,
                                      (int)frame->raw_length - 1);
    if (packed <= 0) { /* does not get smaller */
        memcpy(payload, raw, frame->raw_length);
        packed = (int)frame->raw_length;
    }
    frame->packed_length = (uint32_t)packed;
    frame->payload_hash = XXH3_64bits(payload, frame->packed_length);
    put_header(frame, room);
    return FRAME_HEADER_BYTES + frame->packed_length;
}

bool frame_magic_matches(const uint8_t *bytes, size_t size)
{
    return memcmp(bytes, magic, size < sizeof(magic) ? size : sizeof(magic)) == 0;
}

/* What a frame of its kind must look like, beyond its hash. */
static struct error *check_fields(const struct frame *frame, uint64_t zeros)
{
    if (frame->kind != FRAME_HEADER && frame->kind != FRAME_EVENTS && frame->kind != FRAME_END)
        return error_new("read this trace with the version of reel that wrote it",
                         "unknown frame kind %u", (unsigned)frame->kind);
    if (frame->flags & ~(uint32_t)FRAME_CONTINUES)
        return error_new("read this trace with the version of reel that wrote it",
                         "unknown frame flags %#x", frame->flags);
    if (frame->raw_length == 0 || frame->raw_length > FRAME_RAW_MAX || frame->packed_length == 0 ||
        frame->packed_length > frame->raw_length)
        return error_new(remedy_damaged, "impossible frame lengths: %u bytes, %u packed",
                         frame->raw_length, frame->packed_length);
    bool events = frame->kind == FRAME_EVENTS;
    bool plain =
        frame->stream == 0 && frame->first_event == 0 && frame->events == 0 && frame->flags == 0;
    if (zeros || (events ? frame->stream == 0 : !plain) || frame->events > frame->raw_length ||
        frame->first_event > UINT64_MAX / 2)
        return error_new(remedy_damaged, "impossible fields in the header of a frame");
    return NULL;
}

struct error *frame_parse(const uint8_t bytes[FRAME_HEADER_BYTES], struct frame *ret)
{
    struct cursor cursor = cursor_of(bytes, FRAME_HEADER_BYTES);
    if (!frame_magic_matches(bytes, FRAME_HEADER_BYTES))
        return error_new(remedy_damaged, "no frame where one should begin");
    uint64_t hash = XXH3_64bits(bytes, FRAME_HEADER_BYTES - 8);
    cursor_bytes(&cursor, sizeof(magic));
    ret->kind = cursor_u8(&cursor);
    ret->flags = cursor_u8(&cursor);
    uint64_t zeros = cursor_u8(&cursor);
    zeros |= cursor_u8(&cursor);
    ret->sequence = cursor_u32(&cursor);
    ret->stream = cursor_u32(&cursor);
    ret->first_event = cursor_u64(&cursor);
    ret->events = cursor_u32(&cursor);
    ret->raw_length = cursor_u32(&cursor);
    ret->packed_length = cursor_u32(&cursor);
    zeros |= cursor_u32(&cursor);
    ret->payload_hash = cursor_u64(&cursor);
    if (cursor_u64(&cursor) != hash)
        return error_new(remedy_damaged, "a frame's header does not have its checksum");
    return check_fields(ret, zeros);
}

struct error *frame_unpack(const struct frame *frame, const uint8_t *packed, uint8_t *raw)
{
    if (XXH3_64bits(packed, frame->packed_length) != frame->payload_hash)
        return error_new(remedy_damaged, "a frame's payload does not have its checksum");
    if (frame->packed_length == frame->raw_length) {
        memcpy(raw, packed, frame->raw_length);
        return NULL;
    }
    int size = LZ4_decompress_safe((const char *)packed, (char *)raw, (int)frame->packed_length,
                                   (int)frame->raw_length);
    if (size != (int)frame->raw_length)
        return error_new(remedy_damaged, "a frame's payload does not unpack to its %u bytes",
                         frame->raw_length);
    return NULL;
}
