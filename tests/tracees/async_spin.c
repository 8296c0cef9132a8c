/* Threads that wait for each other in loops: one without any progress, one with pause and a count.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

static atomic_int turn;
static unsigned long waited;

static void *spin(void *ignored)
{
    for (int i = 0; i < 5; i++) {
        while (atomic_load_explicit(&turn, memory_order_acquire) != 1)
            ;
        atomic_store(&turn, 0);
    }
    return NULL;
}

static void *pause_and_count(void *ignored)
{
    unsigned long count = 0;
    for (int i = 0; i < 5; i++) {
        while (atomic_load_explicit(&turn, memory_order_acquire) != 0) {
            __builtin_ia32_pause();
            count++;
        }
        atomic_store(&turn, 1);
    }
    waited = count;
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    CHECK(pthread_create(&threads[0], NULL, spin, NULL) == 0);
    CHECK(pthread_create(&threads[1], NULL, pause_and_count, NULL) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("waited %lu times\n", waited);
    return 0;
}
