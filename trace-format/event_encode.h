/*
 * Events to records (record.h).
 *
 * The encoder writes into the output's frame; before a record that might not fit it asks `next` for
 * another frame, so that a record never spans two. Room is asked for by a record's largest possible
 * size, and the record is then written without further checks: that is what makes an event cheap.
 */
#ifndef REEL_TRACE_FORMAT_EVENT_ENCODE_H
#define REEL_TRACE_FORMAT_EVENT_ENCODE_H

#include "trace-format/event.h"
#include "trace-format/frame.h"
#include "trace-format/reg_table.h"

/* The records of one frame, and the delta state that ends with it. */
struct record_frame {
    struct reg_table regs;
    uint64_t tick;   /* of the last event in it */
    uint32_t events; /* event records in it */
    size_t size;
    uint8_t raw[FRAME_RAW_MAX];
};

struct record_output {
    struct record_frame *frame;
    bool begun; /* a record of the event has been written */

    /* Called when `frame` is full: sets `frame` to an empty one; false if there is none to be had.
     */
    bool (*next)(struct record_output *output);
};

/* What makes the event one that readers would refuse, or NULL. */
const char *event_problem(const struct event *event);

/* Writes a good event, with its number and tick set. False if `next` failed or memory ran out; the
 * event then lacks its final record. */
bool event_encode(struct record_output *output, const struct event *event);

#endif
