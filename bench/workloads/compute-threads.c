/* Four threads that compute, each with a call every few hundred microseconds: without one a thread
 * is not preempted yet. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 4

static long rounds = 1500;
static unsigned long results[THREADS];

static void *run(void *result)
{
    unsigned long value = 1;
    for (long i = 0; i < rounds; i++) {
        for (int j = 0; j < 200000; j++)
            value = value * 6364136223846793005ul + 1442695040888963407ul;
        getppid();
    }
    *(unsigned long *)result = value;
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    if (argc > 1)
        rounds = atol(argv[1]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, &results[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%lx\n", results[0] ^ results[1] ^ results[2] ^ results[3]);
    return 0;
}
