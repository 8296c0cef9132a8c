/* A thread dies holding a robust mutex: the kernel writes that into the mutex. Then one that
 * inherits priority, whose word the kernel writes, too. */
#include "check.h"

static pthread_mutex_t mutex, inheriting;

static void *die_with_lock(void *unused)
{
    CHECK(pthread_mutex_lock(&mutex) == 0);
    return unused;
}

static void *contend(void *unused)
{
    for (int i = 0; i < 30; i++) {
        CHECK(pthread_mutex_lock(&inheriting) == 0);
        sched_yield();
        CHECK(pthread_mutex_unlock(&inheriting) == 0);
    }
    return unused;
}

int main(void)
{
    pthread_mutexattr_t attributes;
    CHECK(pthread_mutexattr_init(&attributes) == 0);
    CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
    CHECK(pthread_mutex_init(&inheriting, &attributes) == 0);
    CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE) == 0);
    CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(&mutex, &attributes) == 0);
    join(start(die_with_lock, NULL));
    CHECK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start(contend, NULL);
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    printf("%p %d\n", (void *)&mutex, (int)getpid());
    return 0;
}
