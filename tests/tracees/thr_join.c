/* Threads with results; each has an id of its own. */
#include "check.h"

enum { THREADS = 8 };
static int ids[THREADS];

static void *worker(void *index)
{
    ids[(uintptr_t)index] = gettid();
    return (void *)((uintptr_t)index * 10);
}

int main(void)
{
    pthread_t threads[THREADS];
    uintptr_t sum = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = start(worker, (void *)i);
    for (int i = 0; i < THREADS; i++) {
        sum += (uintptr_t)join(threads[i]);
        printf("thread %d was %d\n", i, ids[i]);
    }
    CHECK(sum == 280);
    return 0;
}
