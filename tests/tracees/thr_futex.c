/* futex by hand: a wait that times out, one that finds another value, wake and requeue. */
#include <linux/futex.h>

#include "check.h"

static uint32_t word;

static long futex(uint32_t *address, int operation, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, address, operation, value, timeout, NULL, 0);
}

static void *waiter(void *unused)
{
    while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0)
        CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL) == 0 || errno == EAGAIN || errno == EINTR);
    return unused;
}

int main(void)
{
    struct timespec wait = {0, 10000000};
    int64_t before = now_ms();
    CHECK(futex(&word, FUTEX_WAIT, 0, &wait) == -1 && errno == ETIMEDOUT);
    CHECK(now_ms() - before >= 9);
    CHECK(futex(&word, FUTEX_WAIT, 1, NULL) == -1 && errno == EAGAIN);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = start(waiter, NULL);
    sleep_ms(5);
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    long woken = futex(&word, FUTEX_WAKE_PRIVATE, 100, NULL);
    CHECK(woken >= 0 && woken <= 4);
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    printf("%ld woken at %p\n", woken, (void *)&word);
    return 0;
}
