/*
 * Frames: the unit in which a trace is written, checked and read.
 *
 *   0  magic "reel"      16 first event        40 XXH3-64 of the packed payload
 *   4  kind              24 events ended here  48 XXH3-64 of bytes 0 to 47
 *   5  flags             28 raw length         56 payload: an LZ4 block, or, when the lengths are
 *   6  zero (2 bytes)    32 packed length         equal, the raw bytes themselves
 *   8  sequence number   36 zero (4 bytes)
 *  12  stream
 *
 * This layout is the same in all versions of the format, so that any reader can find the header
 * frame's version and refuse a newer trace by its number. FORMAT.md is normative.
 *
 * Caveat: the hash of the payload is taken of the packed bytes, so that it is compared before LZ4
 * sees them. A hash is no signature: who can write a trace can make its hashes right, and what is
 * unpacked is to be distrusted all the same.
 */
#ifndef REEL_TRACE_FORMAT_FRAME_H
#define REEL_TRACE_FORMAT_FRAME_H

#include "engine/base/error.h"
#include "engine/base/types.h"

#define FRAME_HEADER_BYTES 56
#define FRAME_RAW_MAX (256u << 10)

enum frame_kind { FRAME_HEADER = 1, FRAME_EVENTS = 2, FRAME_END = 3 };

enum frame_flags {
    FRAME_CONTINUES = 1, /* its first records belong to an event that an earlier frame began */
};

struct frame {
    enum frame_kind kind;
    uint32_t flags;       /* enum frame_flags */
    uint32_t sequence;    /* counts the file's frames, from 0 */
    uint32_t stream;      /* 0 for all but FRAME_EVENTS */
    uint64_t first_event; /* the number of the event to which the first record belongs */
    uint32_t events;      /* how many events have their last record here */
    uint32_t raw_length, packed_length;
    uint64_t payload_hash;
};

/*
 * Writes the frame's header and packed payload to `room` (of at least FRAME_HEADER_BYTES +
 * FRAME_RAW_MAX bytes) and returns how many bytes that are. Sets packed_length and payload_hash;
 * the caller has set the rest.
 */
size_t frame_pack(struct frame *frame, const uint8_t *raw, uint8_t *room);

/* Takes a frame header apart, and refuses what no writer of this version writes. Errors say what,
 * not where. */
struct error *frame_parse(const uint8_t bytes[FRAME_HEADER_BYTES], struct frame *ret) MUST_CHECK;

/* Checks and unpacks packed_length bytes at `packed` into raw_length bytes at `raw`. */
struct error *frame_unpack(const struct frame *frame, const uint8_t *packed,
                           uint8_t *raw) MUST_CHECK;

/* Whether `size` bytes could be the start of a frame: the magic, as far as it goes. */
bool frame_magic_matches(const uint8_t *bytes, size_t size);

#endif
