#include "trace-format/frame_queue.h"

#include <stdlib.h>

static void buffer_free(struct frame_buffer *buffer)
{
    reg_table_deinit(&buffer->records.regs);
    free(buffer);
}

void frame_queue_deinit(struct frame_queue *queue)
{
    struct frame_buffer *buffer;
    while ((buffer = frame_queue_pop(queue)))
        buffer_free(buffer);
    while ((buffer = queue->oldest)) {
        frame_queue_close(queue, buffer);
        buffer_free(buffer);
    }
    while ((buffer = queue->spare)) {
        queue->spare = buffer->newer;
        buffer_free(buffer);
    }
}

struct frame_buffer *frame_queue_get(struct frame_queue *queue)
{
    struct frame_buffer *buffer = queue->spare;
    if (buffer) {
        queue->spare = buffer->newer;
        queue->spare_count--;
    } else {
        buffer = malloc(sizeof(*buffer));
        if (!buffer)
            return NULL;
        buffer->records.regs = (struct reg_table){0};
    }
    buffer->older = buffer->newer = NULL;
    buffer->frame = (struct frame){0};
    reg_table_clear(&buffer->records.regs);
    buffer->records.tick = 0;
    buffer->records.events = 0;
    buffer->records.size = 0;
    return buffer;
}

void frame_queue_recycle(struct frame_queue *queue, struct frame_buffer *buffer)
{
    if (queue->spare_count >= FRAME_SPARE_MAX) {
        buffer_free(buffer);
        return;
    }
    buffer->newer = queue->spare;
    queue->spare = buffer;
    queue->spare_count++;
}

void frame_queue_open(struct frame_queue *queue, struct frame_buffer *buffer)
{
    buffer->older = queue->newest;
    buffer->newer = NULL;
    if (queue->newest)
        queue->newest->newer = buffer;
    else
        queue->oldest = buffer;
    queue->newest = buffer;
}

void frame_queue_close(struct frame_queue *queue, struct frame_buffer *buffer)
{
    if (buffer->older)
        buffer->older->newer = buffer->newer;
    else
        queue->oldest = buffer->newer;
    if (buffer->newer)
        buffer->newer->older = buffer->older;
    else
        queue->newest = buffer->older;
    buffer->older = buffer->newer = NULL;
}

void frame_queue_push(struct frame_queue *queue, struct frame_buffer *buffer)
{
    size_t at = (queue->full_first + queue->full_count++) % FRAME_QUEUE_MAX;
    queue->full[at] = buffer;
}

struct frame_buffer *frame_queue_pop(struct frame_queue *queue)
{
    if (queue->full_count == 0)
        return NULL;
    struct frame_buffer *buffer = queue->full[queue->full_first];
    queue->full_first = (queue->full_first + 1) % FRAME_QUEUE_MAX;
    queue->full_count--;
    return buffer;
}
