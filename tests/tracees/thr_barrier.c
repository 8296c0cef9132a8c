/* Barriers: exactly one thread of each round is told that it was the last. */
#include "check.h"

enum { THREADS = 6, ROUNDS = 20 };
static pthread_barrier_t barrier;
static int serial[ROUNDS];

static void *worker(void *unused)
{
    for (int i = 0; i < ROUNDS; i++)
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            serial[i] = gettid();
    return unused;
}

int main(void)
{
    pthread_t threads[THREADS];
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(worker, NULL);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(serial[i] > 0);
        printf("%d\n", serial[i]);
    }
    return 0;
}
