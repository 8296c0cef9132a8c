/*
 * Buffers of frames on their way: a pool of spare ones, a bounded queue of full ones, and the list
 * of open ones (being filled), oldest first. No locks: the writer holds its mutex.
 *
 * A buffer is some 256 KiB, but a fresh one takes only the pages that were written to, so thousands
 * of streams that say little cost little.
 */
#ifndef REEL_TRACE_FORMAT_FRAME_QUEUE_H
#define REEL_TRACE_FORMAT_FRAME_QUEUE_H

#include "trace-format/event_encode.h"

#define FRAME_QUEUE_MAX 32
#define FRAME_SPARE_MAX 16

struct frame_buffer {
    struct frame_buffer *older, *newer; /* open ones; `newer` also chains spare ones */
    uint64_t opened_at;                 /* CLOCK_MONOTONIC, ns */
    struct frame frame;
    struct record_frame records;
};

struct frame_queue {
    struct frame_buffer *spare;
    size_t spare_count;
    struct frame_buffer *oldest, *newest;
    struct frame_buffer *full[FRAME_QUEUE_MAX]; /* a ring */
    size_t full_first, full_count;
};

void frame_queue_deinit(struct frame_queue *queue);

/* An empty buffer, neither open nor full; NULL without memory. */
struct frame_buffer *frame_queue_get(struct frame_queue *queue);
void frame_queue_recycle(struct frame_queue *queue, struct frame_buffer *buffer);

/* Puts a buffer behind the open ones. */
void frame_queue_open(struct frame_queue *queue, struct frame_buffer *buffer);
void frame_queue_close(struct frame_queue *queue, struct frame_buffer *buffer);

/* There must be room. */
void frame_queue_push(struct frame_queue *queue, struct frame_buffer *buffer);
struct frame_buffer *frame_queue_pop(struct frame_queue *queue); /* NULL when empty */

#endif
