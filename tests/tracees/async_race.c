/* Four threads compute, and add to one word without a lock: which additions are lost depends on the
 * exact points at which their turns end. */
#include <pthread.h>

#include "check.h"

static volatile unsigned long total, mixed;

static void *add(void *argument)
{
    unsigned long number = (unsigned long)argument;
    for (unsigned long i = 0; i < 80000000; i++) {
        total = total + 1;
        mixed = mixed * 31 + number;
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (unsigned long i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, add, (void *)i) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%lu %lx\n", total, mixed);
    return 0;
}
