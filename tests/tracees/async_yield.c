/* sched_yield in a loop, until another thread has computed something. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "check.h"

static atomic_int done;
static volatile unsigned long sum;

static void *compute(void *ignored)
{
    for (unsigned long i = 0; i < 20000000; i++)
        sum += i;
    atomic_store(&done, 1);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    unsigned long yields = 0;
    CHECK(pthread_create(&thread, NULL, compute, NULL) == 0);
    while (!atomic_load(&done)) {
        CHECK(sched_yield() == 0);
        yields++;
    }
    CHECK(pthread_join(thread, NULL) == 0);
    printf("%lu %lu\n", sum, yields);
    return 0;
}
