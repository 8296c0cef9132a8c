/* A lock-free stack of free buffers whose head is compared by address alone. A thread that has read
 * the head and its successor, while another takes both and gives the first back, makes a buffer
 * free that is in use. */
#include <stdatomic.h>

#include "work.h"

#define BATCHES 24
#define BUFFERS (BATCHES + 4)

struct buffer {
    struct buffer *next;
    int users;
};

static struct buffer buffers[BUFFERS];
static _Atomic(struct buffer *) top;

static __attribute__((noinline)) struct buffer *take(void)
{
    struct buffer *first = atomic_load(&top), *next;
    do {
        if (!first)
            return NULL;
        next = first->next;
    } while (!atomic_compare_exchange_weak(&top, &first, next));
    first->users++;
    return first;
}

static __attribute__((noinline)) void give_back(struct buffer *buffer)
{
    buffer->users--;
    buffer->next = atomic_load(&top);
    while (!atomic_compare_exchange_weak(&top, &buffer->next, buffer))
        ;
}

static void *read_batches(void *argument)
{
    for (int i = 0; i < BATCHES; i++) {
        read_amounts(5000, 5);
        struct buffer *buffer = take();
        if (buffer)
            give_back(buffer);
    }
    return NULL;
}

/* Of each two batches the first is merged into the second, whose buffer is kept. */
static void *merge_batches(void *argument)
{
    struct buffer **kept = argument;
    for (int i = 0; i < BATCHES; i++) {
        read_amounts(1500, 5);
        struct buffer *batch = take();
        kept[i] = take();
        if (batch)
            give_back(batch);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    struct buffer *kept[BATCHES] = {NULL};
    int wrong = 0;
    for (int i = 0; i < BUFFERS; i++) {
        buffers[i].users = 1;
        give_back(&buffers[i]);
    }
    start(&threads[0], read_batches, NULL);
    start(&threads[1], merge_batches, kept);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < BUFFERS; i++)
        take();
    for (int i = 0; i < BUFFERS; i++)
        wrong += buffers[i].users != 1;
    printf("%d of %d buffers wrong\n", wrong, BUFFERS);
    return wrong || atomic_load(&top);
}
