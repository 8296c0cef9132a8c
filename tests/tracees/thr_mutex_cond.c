/* Eight threads around a mutex and two condition variables: a bounded buffer, in the order that
 * the machine gave. */
#include "check.h"

enum { ITEMS = 100, ROOM = 4 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static int buffer[ROOM], used, total, order[4 * ITEMS];

static void *producer(void *id)
{
    for (int i = 0; i < ITEMS; i++) {
        pthread_mutex_lock(&lock);
        while (used == ROOM)
            pthread_cond_wait(&emptied, &lock);
        buffer[used++] = (int)(uintptr_t)id;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *consumer(void *unused)
{
    for (int i = 0; i < ITEMS; i++) {
        pthread_mutex_lock(&lock);
        while (used == 0)
            pthread_cond_wait(&filled, &lock);
        order[total++] = buffer[--used];
        pthread_cond_signal(&emptied);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[8];
    for (uintptr_t i = 0; i < 8; i++)
        threads[i] = i % 2 ? start(consumer, NULL) : start(producer, (void *)(i / 2));
    for (int i = 0; i < 8; i++)
        join(threads[i]);
    int counts[4] = {0};
    for (int i = 0; i < 4 * ITEMS; i++) {
        counts[order[i]]++;
        putchar('0' + order[i]);
    }
    CHECK(used == 0 && counts[0] == ITEMS && counts[3] == ITEMS);
    putchar('\n');
    return 0;
}
