/*
 * What the threads of these programs do before and after they meet: reading a batch of records. It
 * takes far longer than the windows in which they can go wrong, and makes no system call.
 */
#ifndef REEL_TESTS_CHAOS_WORK_H
#define REEL_TESTS_CHAOS_WORK_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* The sum of so many amounts, each derived from the one before. */
static inline long read_amounts(long count, unsigned seed)
{
    long sum = 0;
    for (long i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        sum += seed >> 24;
    }
    return sum;
}

static inline void start(pthread_t *thread, void *(*function)(void *), void *argument)
{
    if (pthread_create(thread, NULL, function, argument))
        abort();
}

#endif
