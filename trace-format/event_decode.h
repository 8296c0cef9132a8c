/*
 * Records to events: takes a stream's frames one after the other and gives its events.
 *
 *     event_decoder_start(d, number);          where the first frame to come stands
 *     event_decoder_frame(d, frame, raw);      and then, until *ret is NULL at the frame's end:
 *     event_decoder_next(d, &event);
 *
 * Contents and texts are gathered in memory of the decoder, since an event may span frames, and an
 * event lives until the next call. After an error only event_decoder_start() is allowed.
 *
 * A decoder that was started at a frame which continues an event skips that event's rest: it counts
 * it, but has not got all of it. Such an event is returned with kind 0.
 *
 * Caveat: nothing is allocated by what a record claims, only by bytes that are there. Errors say
 * what is wrong where in the unpacked frame; the caller knows the file and the frame.
 */
#ifndef REEL_TRACE_FORMAT_EVENT_DECODE_H
#define REEL_TRACE_FORMAT_EVENT_DECODE_H

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "trace-format/call_record.h"
#include "trace-format/event.h"
#include "trace-format/frame.h"
#include "trace-format/reg_table.h"

struct event_decoder {
    /* of the frame */
    struct cursor records;
    const uint8_t *raw;
    struct reg_table regs;
    uint64_t tick;            /* of the last event in it */
    uint32_t events_due;      /* how many events are to end in it */
    struct call_record calls; /* what is left of a CALLS record */
    uint64_t call_tick;       /* of the first of them */

    /* of the stream */
    uint64_t number; /* of the event being read */
    uint64_t last_tick;
    bool fresh; /* no frame since the start */

    /* of the event being read */
    bool returned; /* it was handed out: the next call begins another one */
    bool pending;  /* records of it were seen */
    bool partial;  /* but not all */
    bool has_origin;
    int last_record;         /* for RECORD_MORE and RECORD_ARGUMENTS; -1 for none */
    struct buffer arena;     /* contents and texts */
    struct buffer effects;   /* of struct effect */
    struct buffer places;    /* of size_t: where each effect's contents or text is in the arena */
    struct buffer arguments; /* of START: NUL-terminated strings */
    struct buffer pointers;  /* to them */
    size_t executable;       /* where in the arena */
    size_t siginfo;
    uint64_t bytes; /* of contents so far */
    uint32_t origin_tid;
    uint64_t origin_tick;
    struct stream_origin origin;
    struct event event;
};

void event_decoder_init(struct event_decoder *decoder);
void event_decoder_deinit(struct event_decoder *decoder);

/* The next frame's first record belongs to event `number`. */
void event_decoder_start(struct event_decoder *decoder, uint64_t number);

/* `raw` must live until the next frame. */
struct error *event_decoder_frame(struct event_decoder *decoder, const struct frame *frame,
                                  const uint8_t *raw) MUST_CHECK;

struct error *event_decoder_next(struct event_decoder *decoder,
                                 const struct event **ret) MUST_CHECK;

/* Goes on to event `number` as far as that is in the CALLS record that the decoder stands in. */
void event_decoder_skip_calls(struct event_decoder *decoder, uint64_t number);

/*
 * Reads the origin at the start of event 0 without the rest of the event; *whole is false if it may
 * go on in the next frame. The strings of decoder->origin live until the next call.
 */
struct error *event_decoder_origin(struct event_decoder *decoder, bool *whole) MUST_CHECK;

/* Whether an event was begun whose last record is yet to come. */
bool event_decoder_pending(const struct event_decoder *decoder);

#endif
