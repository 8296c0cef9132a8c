/* Threads that write to one variable between calls: what they interleave to is the machine's choice
 * and must be the same in replay. */
#include "check.h"

static int log_of_turns[400];
static int turns;

static void *worker(void *index)
{
    for (int i = 0; i < 100; i++) {
        log_of_turns[__atomic_fetch_add(&turns, 1, __ATOMIC_SEQ_CST)] = (int)(uintptr_t)index;
        sched_yield();
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        threads[i] = start(worker, (void *)i);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    CHECK(turns == 400);
    for (int i = 0; i < 400; i++)
        putchar('a' + log_of_turns[i]);
    putchar('\n');
    return 0;
}
