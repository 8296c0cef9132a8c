/* Readers together, writers alone; and semaphores. */
#include <semaphore.h>

#include "check.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t done;
static int value, mirror, writes;

static void *reader(void *unused)
{
    for (int i = 0; i < 50; i++) {
        pthread_rwlock_rdlock(&lock);
        CHECK(value == mirror);
        getppid();
        CHECK(value == mirror);
        pthread_rwlock_unlock(&lock);
    }
    sem_post(&done);
    return unused;
}

static void *writer(void *unused)
{
    for (int i = 0; i < 50; i++) {
        pthread_rwlock_wrlock(&lock);
        value = gettid();
        getppid();
        mirror = value;
        writes++;
        pthread_rwlock_unlock(&lock);
    }
    sem_post(&done);
    return unused;
}

int main(void)
{
    pthread_t threads[6];
    CHECK(sem_init(&done, 0, 0) == 0);
    for (int i = 0; i < 6; i++)
        threads[i] = start(i < 4 ? reader : writer, NULL);
    for (int i = 0; i < 6; i++)
        CHECK(sem_wait(&done) == 0);
    CHECK(sem_trywait(&done) == -1 && errno == EAGAIN);
    for (int i = 0; i < 6; i++)
        join(threads[i]);
    CHECK(writes == 100);
    printf("%d wrote last\n", value);
    return 0;
}
