/* A lock-free stack of free buffers whose head is compared by address alone. A thread that has read
 * the head and its successor, while another takes both and gives the first back, makes a buffer
 * free that is in use. */
#include <stdatomic.h>

#include "work.h"

#define BUFFERS 4

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

static void *read_batch(void *argument)
{
    struct buffer **held = argument;
    read_amounts(150000, 5);
    held[0] = take();
    return NULL;
}

static void *merge_batches(void *argument)
{
    struct buffer **held = argument;
    read_amounts(40000, 5);
    struct buffer *a = take(), *b = take();
    give_back(a);
    held[0] = b;
    return NULL;
}

int main(void)
{
    struct buffer *held[2];
    pthread_t threads[2];
    int used = 0, wrong = 0;
    for (int i = 0; i < BUFFERS; i++) {
        buffers[i].users = 1;
        give_back(&buffers[i]);
    }
    start(&threads[0], read_batch, &held[0]);
    start(&threads[1], merge_batches, &held[1]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    while (used < BUFFERS - 2 && take())
        used++;
    for (int i = 0; i < BUFFERS; i++)
        wrong += buffers[i].users != 1;
    printf("%d of %d buffers wrong\n", wrong, BUFFERS);
    return wrong || used != BUFFERS - 2 || atomic_load(&top);
}
