/* All threads end by themselves; the process's status is 0, and its output is flushed. */
#include "check.h"

static void *worker(void *index)
{
    sleep_ms((long)(uintptr_t)index * 3);
    printf("thread %d\n", (int)gettid());
    fflush(stdout);
    return NULL;
}

int main(void)
{
    for (uintptr_t i = 1; i <= 3; i++)
        CHECK(pthread_detach(start(worker, (void *)i)) == 0);
    pthread_exit(NULL);
}
