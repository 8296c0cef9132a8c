/*
 * Records: what the payload of an events frame is a sequence of.
 *
 * An event is written as records: its effects in their order, then the event record, which commits
 * them. START has an origin record before all. A record is one byte saying its kind and the fields
 * that FORMAT.md lists; it has no length, so an unknown kind cannot be skipped, and is refused.
 *
 *   1 … 63      an effect of that kind (effect.def)
 *   64          more bytes of the MEMORY or XSAVE effect before it
 *   65          a stream's origin          66   a piece of its arguments
 *   128 + n     an event of kind n (event.def)
 */
#ifndef REEL_TRACE_FORMAT_RECORD_KINDS_H
#define REEL_TRACE_FORMAT_RECORD_KINDS_H

#include "trace-format/event.h"

enum record_kind {
    RECORD_MORE = 64,
    RECORD_ORIGIN = 65,
    RECORD_ARGUMENTS = 66,
    RECORD_EVENT = 128,
};

enum signal_record_flags {
    SIGNAL_RECORD_SIGINFO = 1,
    SIGNAL_RECORD_FATAL = 2,
    SIGNAL_RECORD_REACH_SHIFT = 2, /* two bits: enum event_reach */
};

/* Limits, kept by the writer and enforced by the reader. */
#define RECORD_CHUNK_MAX (64u << 10) /* bytes of contents in one record */
#define RECORD_TEXT_MAX (16u << 10)  /* of a path; longer ones are cut */
#define EVENT_EFFECTS_MAX (1u << 20)
#define EVENT_ARGUMENTS_MAX (16u << 20) /* bytes of a START's arguments, with their NULs */

/* Contents of all effects of one event. The largest single read(2) is 2 GiB - 4 KiB (MAX_RW_COUNT
 * in the kernel's fs.h); a reader allocates as bytes arrive. */
#define EVENT_BYTES_MAX (2112ull << 20)

#define MAP_EFFECT_ALL (MAP_EFFECT_SHARED | MAP_EFFECT_STACK | MAP_EFFECT_NORESERVE)
#define EXIT_FLAGS_ALL EXIT_LAST_OF_PROCESS

#endif
