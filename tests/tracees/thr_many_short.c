/* A hundred threads, ten at a time, whose stacks and ids are used again. */
#include "check.h"

static void *worker(void *sum)
{
    __atomic_fetch_add((int *)sum, gettid(), __ATOMIC_RELAXED);
    return NULL;
}

int main(void)
{
    int sum = 0;
    for (int round = 0; round < 10; round++) {
        pthread_t threads[10];
        for (int i = 0; i < 10; i++)
            threads[i] = start(worker, &sum);
        for (int i = 0; i < 10; i++)
            join(threads[i]);
    }
    CHECK(sum > 100);
    printf("%d\n", sum);
    return 0;
}
