/* A condition variable that nobody signals, and one that is broadcast. */
#include "check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int go, woken;

static void *waiter(void *unused)
{
    pthread_mutex_lock(&lock);
    while (!go)
        pthread_cond_wait(&changed, &lock);
    woken++;
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void)
{
    pthread_t threads[5];
    for (int i = 0; i < 5; i++)
        threads[i] = start(waiter, NULL);
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_nsec += 20000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    int result;
    while ((result = pthread_cond_timedwait(&changed, &lock, &until)) == 0)
        ;
    CHECK(result == ETIMEDOUT && woken == 0);
    go = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 5; i++)
        join(threads[i]);
    CHECK(woken == 5);
    printf("%ld.%09ld\n", until.tv_sec, until.tv_nsec);
    return 0;
}
