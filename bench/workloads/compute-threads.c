/* Four threads that compute, without a system call. */
#include <pthread.h>
#include <stdio.h>

#include "amount.h"

#define THREADS 4

static long rounds;
static unsigned long results[THREADS];

static void *run(void *result)
{
    unsigned long value = *(unsigned long *)result;
    for (long i = 0; i < rounds; i++)
        for (int j = 0; j < 200000; j++)
            value = value * 6364136223846793005ul + 1442695040888963407ul;
    *(unsigned long *)result = value;
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    rounds = work_amount(argc, argv, 1500);
    for (int i = 0; i < THREADS; i++) {
        results[i] = (unsigned long)i;
        pthread_create(&threads[i], NULL, run, &results[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%lx\n", results[0] ^ results[1] ^ results[2] ^ results[3]);
    return 0;
}
