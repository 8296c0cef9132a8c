/*
 * The remote serial protocol as bytes: `$payload#cc`, where cc is the sum of the payload's bytes.
 *
 * Around packets travel single bytes: '+' and '-' acknowledge a packet until QStartNoAckMode, 0x03
 * asks to interrupt the program. Everything here works on bytes in memory and trusts none of them:
 * the parser is fed one byte at a time and never holds more than GDB_PACKET_BYTES, a scan never
 * leaves its payload. (GDB manual, appendix E, "Overview".)
 */
#ifndef REEL_REPLAY_GDB_PACKET_H
#define REEL_REPLAY_GDB_PACKET_H

#include "engine/base/bytes.h"

/* The largest payload that we take and, by qSupported's PacketSize, announce. */
#define GDB_PACKET_BYTES 0x20000

enum gdb_input {
    GDB_INPUT_NOTHING,   /* the byte ended nothing */
    GDB_INPUT_PACKET,    /* `payload` is whole and its sum is right */
    GDB_INPUT_BAD,       /* a packet with a wrong sum, or too long: ask for it again */
    GDB_INPUT_ACK,       /* '+' */
    GDB_INPUT_NAK,       /* '-': send the last packet again */
    GDB_INPUT_INTERRUPT, /* 0x03 */
    GDB_INPUT_CLOSED,    /* the connection ended; never from the parser */
};

enum gdb_parser_state { GDB_OUTSIDE, GDB_PAYLOAD, GDB_SUM_HIGH, GDB_SUM_LOW };

struct gdb_parser {
    enum gdb_parser_state state;
    struct buffer payload;
    uint8_t sum;      /* of the payload so far */
    uint8_t sum_high; /* first digit of the sum given; 0xff: no digit */
    bool overlong;
};

void gdb_parser_deinit(struct gdb_parser *parser);
enum gdb_input gdb_parser_feed(struct gdb_parser *parser, uint8_t byte);

/* Appends `$payload#cc`. The payload is sent as it is: binary data in it must be escaped already.
 */
void gdb_packet_frame(struct buffer *out, const void *payload, size_t size);

/* --- Writing payloads --- */

void gdb_put_text(struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gdb_put_hex(struct buffer *out, const void *bytes, size_t size); /* two digits a byte */
void gdb_put_hex_text(struct buffer *out, const char *text);
void gdb_put_escaped(struct buffer *out, const void *bytes, size_t size); /* `}` and byte ^ 0x20 */

/* --- Reading payloads --- */

struct gdb_scan {
    const char *at;
    const char *end;
    bool failed; /* something was missing or malformed; all later reads give 0 */
};

static inline struct gdb_scan gdb_scan_of(const void *bytes, size_t size)
{
    const char *start = bytes;
    return (struct gdb_scan){.at = start, .end = start ? start + size : NULL};
}

static inline bool gdb_scan_done(const struct gdb_scan *scan)
{
    return scan->at == scan->end;
}

int gdb_hex_digit(uint8_t character); /* its value, or -1 */

bool gdb_scan_skip(struct gdb_scan *scan, const char *text); /* goes past `text` if it is next */
void gdb_scan_expect(struct gdb_scan *scan, char character); /* fails if it is not next */
uint64_t gdb_scan_hex(struct gdb_scan *scan);                /* at least one digit, at most 16 */
uint64_t gdb_scan_decimal(struct gdb_scan *scan);            /* at least one digit */
struct gdb_scan gdb_scan_until(struct gdb_scan *scan, char end); /* a field; goes past `end` */

/* Decodes pairs of digits up to the end of the scan and appends them, and a NUL that size does not
 * count. */
void gdb_scan_hex_bytes(struct gdb_scan *scan, struct buffer *ret);

/* A thread id: `pPID.TID`, `pPID` (every thread of it) or `TID`, in hex; -1 means all. */
#define GDB_ALL_THREADS UINT32_MAX
struct gdb_thread_id {
    uint32_t pid; /* 0 when not given or any */
    uint32_t tid; /* 0: any; GDB_ALL_THREADS: all */
};
struct gdb_thread_id gdb_scan_thread(struct gdb_scan *scan);

#endif
