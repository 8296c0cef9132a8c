/* The parser and the framing of remote protocol packets. See gdb_packet.h. */
#include "replay/gdb/gdb_packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_DIGIT 0xff

void gdb_parser_deinit(struct gdb_parser *parser)
{
    buffer_deinit(&parser->payload);
}

static enum gdb_input feed_outside(struct gdb_parser *parser, uint8_t byte)
{
    switch (byte) {
    case '$':
        buffer_clear(&parser->payload);
        parser->sum = 0;
        parser->overlong = false;
        parser->state = GDB_PAYLOAD;
        return GDB_INPUT_NOTHING;
    case '+':
        return GDB_INPUT_ACK;
    case '-':
        return GDB_INPUT_NAK;
    case 0x03:
        return GDB_INPUT_INTERRUPT;
    default:
        return GDB_INPUT_NOTHING; /* noise between packets, as on a serial line */
    }
}

static void feed_payload(struct gdb_parser *parser, uint8_t byte)
{
    if (byte == '#') {
        parser->state = GDB_SUM_HIGH;
        return;
    }
    parser->sum += byte;
    if (parser->payload.size < GDB_PACKET_BYTES)
        buffer_put_u8(&parser->payload, byte);
    else
        parser->overlong = true;
}

static enum gdb_input finish_packet(struct gdb_parser *parser, int low)
{
    parser->state = GDB_OUTSIDE;
    if (parser->overlong || parser->payload.failed || parser->sum_high == NO_DIGIT || low < 0 ||
        (parser->sum_high << 4 | low) != parser->sum)
        return GDB_INPUT_BAD;
    return GDB_INPUT_PACKET;
}

enum gdb_input gdb_parser_feed(struct gdb_parser *parser, uint8_t byte)
{
    int digit = gdb_hex_digit(byte);
    switch (parser->state) {
    case GDB_OUTSIDE:
        return feed_outside(parser, byte);
    case GDB_PAYLOAD:
        feed_payload(parser, byte);
        return GDB_INPUT_NOTHING;
    case GDB_SUM_HIGH:
        parser->sum_high = digit < 0 ? NO_DIGIT : (uint8_t)digit;
        parser->state = GDB_SUM_LOW;
        return GDB_INPUT_NOTHING;
    case GDB_SUM_LOW:
        return finish_packet(parser, digit);
    }
    return GDB_INPUT_NOTHING;
}

void gdb_packet_frame(struct buffer *out, const void *payload, size_t size)
{
    const uint8_t *bytes = payload;
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += bytes[i];
    buffer_put_u8(out, '$');
    buffer_put(out, payload, size);
    buffer_put_u8(out, '#');
    gdb_put_hex(out, &sum, 1);
}

void gdb_put_text(struct buffer *out, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        out->failed = true;
        return;
    }
    buffer_put(out, text, (size_t)length);
    free(text);
}

void gdb_put_hex(struct buffer *out, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *room = size && size <= SIZE_MAX / 2 ? buffer_extend(out, 2 * size) : NULL;
    for (size_t i = 0; room && i < size; i++) {
        uint8_t byte = ((const uint8_t *)bytes)[i];
        room[2 * i] = digits[byte >> 4];
        room[2 * i + 1] = digits[byte & 0xf];
    }
}

void gdb_put_hex_text(struct buffer *out, const char *text)
{
    gdb_put_hex(out, text, strlen(text));
}

void gdb_put_escaped(struct buffer *out, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = ((const uint8_t *)bytes)[i];
        if (byte == '#' || byte == '$' || byte == '}' || byte == '*') {
            buffer_put_u8(out, '}');
            byte ^= 0x20;
        }
        buffer_put_u8(out, byte);
    }
}

int gdb_hex_digit(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return -1;
}

bool gdb_scan_skip(struct gdb_scan *scan, const char *text)
{
    size_t length = strlen(text);
    if (scan->failed || (size_t)(scan->end - scan->at) < length ||
        (length && memcmp(scan->at, text, length) != 0))
        return false;
    scan->at += length;
    return true;
}

void gdb_scan_expect(struct gdb_scan *scan, char character)
{
    if (scan->failed || gdb_scan_done(scan) || *scan->at != character)
        scan->failed = true;
    else
        scan->at++;
}

/* Digits of base 10 or 16; fails without a digit or when the number does not fit. */
static uint64_t scan_number(struct gdb_scan *scan, int base)
{
    uint64_t value = 0;
    size_t digits = 0;
    for (; !scan->failed && !gdb_scan_done(scan); scan->at++, digits++) {
        int digit = gdb_hex_digit((uint8_t)*scan->at);
        if (digit < 0 || digit >= base)
            break;
        if (value > (UINT64_MAX - (uint64_t)digit) / (uint64_t)base)
            scan->failed = true;
        value = value * (uint64_t)base + (uint64_t)digit;
    }
    if (digits == 0)
        scan->failed = true;
    return scan->failed ? 0 : value;
}

uint64_t gdb_scan_hex(struct gdb_scan *scan)
{
    return scan_number(scan, 16);
}

uint64_t gdb_scan_decimal(struct gdb_scan *scan)
{
    return scan_number(scan, 10);
}

struct gdb_scan gdb_scan_until(struct gdb_scan *scan, char end)
{
    if (scan->failed)
        return (struct gdb_scan){.at = scan->end, .end = scan->end};
    struct gdb_scan field = {.at = scan->at};
    while (!gdb_scan_done(scan) && *scan->at != end)
        scan->at++;
    field.end = scan->at;
    if (!gdb_scan_done(scan))
        scan->at++;
    return field;
}

void gdb_scan_hex_bytes(struct gdb_scan *scan, struct buffer *ret)
{
    while (!scan->failed && !gdb_scan_done(scan)) {
        int high = gdb_hex_digit((uint8_t)*scan->at++);
        int low = gdb_scan_done(scan) ? -1 : gdb_hex_digit((uint8_t)*scan->at++);
        if (high < 0 || low < 0)
            scan->failed = true;
        else
            buffer_put_u8(ret, (uint8_t)(high << 4 | low));
    }
    buffer_put_u8(ret, 0);
    if (ret->failed)
        scan->failed = true;
    else
        ret->size--;
}

static uint32_t scan_thread_number(struct gdb_scan *scan)
{
    if (gdb_scan_skip(scan, "-1"))
        return GDB_ALL_THREADS;
    uint64_t number = gdb_scan_hex(scan);
    if (number >= GDB_ALL_THREADS)
        scan->failed = true;
    return scan->failed ? 0 : (uint32_t)number;
}

struct gdb_thread_id gdb_scan_thread(struct gdb_scan *scan)
{
    struct gdb_thread_id id = {0};
    if (!gdb_scan_skip(scan, "p")) {
        id.tid = scan_thread_number(scan);
        return id;
    }
    id.pid = scan_thread_number(scan);
    id.tid = gdb_scan_skip(scan, ".") ? scan_thread_number(scan) : GDB_ALL_THREADS;
    if (id.pid == GDB_ALL_THREADS)
        id = (struct gdb_thread_id){.pid = 0, .tid = GDB_ALL_THREADS};
    return id;
}
