#include "engine/base/bytes.h"

#include <stdlib.h>
#include <string.h>

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

static bool buffer_reserve(struct buffer *buffer, size_t size)
{
    if (size <= buffer->capacity - buffer->size)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity - buffer->size < size) {
        if (capacity > SIZE_MAX / 2)
            return false;
        capacity *= 2;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void *buffer_extend(struct buffer *buffer, size_t size)
{
    if (buffer->failed || !buffer_reserve(buffer, size)) {
        buffer->failed = true;
        return NULL;
    }
    void *room = buffer->data + buffer->size;
    buffer->size += size;
    return room;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    void *room = buffer_extend(buffer, size);
    if (room)
        memcpy(room, bytes, size);
}

void buffer_put_u8(struct buffer *buffer, uint8_t value)
{
    buffer_put(buffer, &value, 1);
}

static void buffer_put_little_endian(struct buffer *buffer, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    buffer_put(buffer, bytes, size);
}

void buffer_put_u32(struct buffer *buffer, uint32_t value)
{
    buffer_put_little_endian(buffer, value, 4);
}

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    buffer_put_little_endian(buffer, value, 8);
}

void buffer_put_varint(struct buffer *buffer, uint64_t value)
{
    uint8_t bytes[10];
    size_t size = 0;
    do {
        bytes[size] = (uint8_t)(value & 0x7f);
        value >>= 7;
        if (value)
            bytes[size] |= 0x80;
        size++;
    } while (value);
    buffer_put(buffer, bytes, size);
}

void buffer_put_string(struct buffer *buffer, const char *string)
{
    size_t length = string ? strlen(string) : 0;
    buffer_put_varint(buffer, length);
    buffer_put(buffer, string, length);
}

const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t size)
{
    if (cursor->failed || size > cursor_left(cursor)) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *bytes = cursor->at;
    cursor->at += size;
    return bytes;
}

static uint64_t cursor_little_endian(struct cursor *cursor, size_t size)
{
    const uint8_t *bytes = cursor_bytes(cursor, size);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    return (uint8_t)cursor_little_endian(cursor, 1);
}

uint32_t cursor_u32(struct cursor *cursor)
{
    return (uint32_t)cursor_little_endian(cursor, 4);
}

uint64_t cursor_u64(struct cursor *cursor)
{
    return cursor_little_endian(cursor, 8);
}

uint64_t cursor_varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cursor_u8(cursor);
        if (cursor->failed)
            return 0;
        if (shift == 63 && byte > 1)
            break; /* more than 64 bits */
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    cursor->failed = true;
    return 0;
}

char *cursor_string(struct cursor *cursor)
{
    uint64_t length = cursor_varint(cursor);
    const uint8_t *bytes = cursor_bytes(cursor, length);
    if (!bytes || memchr(bytes, 0, length)) {
        cursor->failed = true;
        return NULL;
    }
    char *string = malloc(length + 1);
    if (!string) {
        cursor->failed = true;
        return NULL;
    }
    memcpy(string, bytes, length);
    string[length] = 0;
    return string;
}
