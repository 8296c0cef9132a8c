#include "commands/trace_merge.h"

#include <stdlib.h>

/* A stream in the heap. One without a cursor has not begun: its tick is that of its start. */
struct head {
    uint64_t tick;
    uint32_t stream;
    struct event_cursor *cursor;
    const struct event *event;
};

/*
 * A binary heap with the earliest head at index 0. The event handed out last is the top's own, and
 * moving its cursor would end its life: so `advance_first` leaves that to the next call.
 */
struct trace_merge {
    struct trace_reader *reader;
    struct head *head;
    size_t count;
    bool advance_first;
};

static bool is_earlier(const struct head *a, const struct head *b)
{
    return a->tick != b->tick ? a->tick < b->tick : a->stream < b->stream;
}

static void sift_down(struct trace_merge *merge, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < merge->count; child++)
            if (is_earlier(&merge->head[child], &merge->head[least]))
                least = child;
        if (least == at)
            return;
        struct head moved = merge->head[at];
        merge->head[at] = merge->head[least];
        merge->head[least] = moved;
        at = least;
    }
}

struct error *trace_merge_create(struct trace_reader *reader, struct trace_merge **ret)
{
    uint32_t streams = trace_reader_streams(reader);
    struct trace_merge *merge = calloc(1, sizeof(*merge));
    struct head *head = calloc((size_t)streams + 1, sizeof(*head));
    if (!merge || !head) {
        free(merge);
        free(head);
        return &err_no_memory;
    }
    *merge = (struct trace_merge){.reader = reader, .head = head, .count = streams};
    for (uint32_t i = 0; i < streams; i++) {
        head[i].stream = i + 1;
        head[i].tick = trace_reader_stream(reader, i + 1)->start_tick;
    }
    for (size_t i = merge->count / 2; i-- > 0;)
        sift_down(merge, i);
    *ret = merge;
    return NULL;
}

void trace_merge_destroy(struct trace_merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        if (merge->head[i].cursor)
            event_cursor_destroy(merge->head[i].cursor);
    free(merge->head);
    free(merge);
}

/* Moves the top to its next event, or drops it at its stream's end, and restores the order. */
static struct error *advance_top(struct trace_merge *merge)
{
    struct head *top = &merge->head[0];
    struct error *error = event_cursor_next(top->cursor, &top->event);
    if (error)
        return error;
    if (top->event) {
        top->tick = top->event->tick;
    } else {
        event_cursor_destroy(top->cursor);
        *top = merge->head[--merge->count];
    }
    sift_down(merge, 0);
    return NULL;
}

struct error *trace_merge_next(struct trace_merge *merge, uint32_t *stream,
                               const struct event **ret)
{
    struct error *error = NULL;
    if (merge->advance_first)
        error = advance_top(merge);
    merge->advance_first = false;
    while (!error && merge->count && !merge->head[0].cursor) {
        error = event_cursor_create(merge->reader, merge->head[0].stream, &merge->head[0].cursor);
        if (!error)
            error = advance_top(merge);
    }
    if (error)
        return error;
    *ret = merge->count ? merge->head[0].event : NULL;
    *stream = merge->count ? merge->head[0].stream : 0;
    merge->advance_first = merge->count > 0;
    return NULL;
}
