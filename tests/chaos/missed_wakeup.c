/* Results that one thread makes and another waits for. Who waits looks at the flag before it takes
 * the lock, and who sets it takes none: if it comes in between, nobody is woken. */
#include <stdbool.h>

#include "work.h"

#define RESULTS 6

struct result {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    volatile bool is_there;
    long value;
};

static struct result results[RESULTS];

static void result_set(struct result *result, long value)
{
    result->value = value;
    result->is_there = true;
    pthread_cond_signal(&result->arrived);
}

static long result_get(struct result *result)
{
    if (!result->is_there) {
        pthread_mutex_lock(&result->lock);
        pthread_cond_wait(&result->arrived, &result->lock);
        pthread_mutex_unlock(&result->lock);
    }
    return result->value;
}

static void *produce(void *argument)
{
    for (int i = 0; i < RESULTS; i++)
        result_set(&results[i], read_amounts(30000, 1));
    return NULL;
}

static void *consume(void *argument)
{
    long sum = 0;
    for (int i = 0; i < RESULTS; i++)
        sum += result_get(&results[i]) + read_amounts(5000, 1);
    return (void *)sum;
}

int main(void)
{
    pthread_t threads[2];
    void *sum;
    for (int i = 0; i < RESULTS; i++) {
        pthread_mutex_init(&results[i].lock, NULL);
        pthread_cond_init(&results[i].arrived, NULL);
    }
    start(&threads[0], produce, NULL);
    start(&threads[1], consume, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], &sum);
    printf("%ld\n", (long)sum);
    return 0;
}
