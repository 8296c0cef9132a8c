/* pthread_cancel of a thread inside read(), which runs its clean-up handlers. */
#include "check.h"

static int gate[2];
static volatile int cleaned, id;

static void clean(void *value)
{
    cleaned = *(int *)value;
}

static void *worker(void *unused)
{
    int value = 33;
    char byte;
    pthread_cleanup_push(clean, &value);
    id = gettid();
    CHECK(read(gate[0], &byte, 1) == 1);
    pthread_cleanup_pop(0);
    return unused;
}

int main(void)
{
    CHECK(pipe(gate) == 0);
    pthread_t thread = start(worker, NULL);
    while (!id)
        sleep_ms(1);
    CHECK(pthread_cancel(thread) == 0);
    CHECK(join(thread) == PTHREAD_CANCELED && cleaned == 33);
    printf("%d\n", id);
    return 0;
}
