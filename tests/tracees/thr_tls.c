/* Thread-local variables, keys with destructors, pthread_once. */
#include "check.h"

static __thread int local = 5;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static volatile int destroyed, initialised;

static void destroy(void *value)
{
    destroyed += (int)(uintptr_t)value;
}

static void initialise(void)
{
    initialised++;
    CHECK(pthread_key_create(&key, destroy) == 0);
}

static void *worker(void *index)
{
    CHECK(pthread_once(&once, initialise) == 0);
    CHECK(pthread_setspecific(key, index) == 0);
    local += (int)(uintptr_t)index;
    sleep_ms(1);
    CHECK(local == 5 + (int)(uintptr_t)index && pthread_getspecific(key) == index);
    return &local;
}

int main(void)
{
    pthread_t threads[5];
    for (uintptr_t i = 0; i < 5; i++)
        threads[i] = start(worker, (void *)(i + 1));
    for (int i = 0; i < 5; i++)
        printf("%p\n", join(threads[i]));
    CHECK(local == 5 && destroyed == 15 && initialised == 1);
    return 0;
}
