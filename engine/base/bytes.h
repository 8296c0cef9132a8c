/*
 * Byte buffers that grow, and cursors that cannot leave their bytes.
 *
 * All numbers are little-endian; varint is LEB128 of an unsigned 64-bit number. A cursor that is
 * asked for more than it holds sets `failed`, returns zeros from then on, and never reads outside:
 * callers may decode a whole record and test `failed` once at its end.
 */
#ifndef REEL_BASE_BYTES_H
#define REEL_BASE_BYTES_H

#include "engine/base/error.h"
#include "engine/base/types.h"

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed; /* an append ran out of memory; the bytes are incomplete */
};

void buffer_deinit(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* size 0, memory kept */

/* Room for `size` more bytes at the end, counted into the size; NULL (and `failed`) without memory.
 */
void *buffer_extend(struct buffer *buffer, size_t size);

void buffer_put(struct buffer *buffer, const void *bytes, size_t size);
void buffer_put_u8(struct buffer *buffer, uint8_t value);
void buffer_put_u32(struct buffer *buffer, uint32_t value);
void buffer_put_u64(struct buffer *buffer, uint64_t value);
void buffer_put_varint(struct buffer *buffer, uint64_t value);
void buffer_put_string(struct buffer *buffer,
                       const char *string); /* varint length, bytes; NULL is empty */

/* A varint at `at`, where there is room for its 10 bytes at most; returns what is behind it. */
static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct cursor cursor_of(const void *bytes, size_t size)
{
    return (struct cursor){.at = bytes, .end = (const uint8_t *)bytes + size};
}

static inline size_t cursor_left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

uint8_t cursor_u8(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
uint64_t cursor_varint(struct cursor *cursor);

/* The next `size` bytes in place, or NULL (and `failed`). They live as long as the cursor's bytes
 * do. */
const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t size);

/* A string as buffer_put_string() wrote it, copied to the heap; NULL (and `failed`) if it is cut or
 * holds a NUL. */
char *cursor_string(struct cursor *cursor);

#endif
