/* The one who waits looks at the flag before it takes the lock, and the one who sets it takes none:
 * if it comes in between, nobody is woken. */
#include <stdbool.h>

#include "work.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static volatile bool is_there;
static long result;

static void *produce(void *argument)
{
    result = read_amounts(150000, 1);
    is_there = true;
    pthread_cond_signal(&arrived);
    return NULL;
}

static void *consume(void *argument)
{
    long sum = read_amounts(40000, 1);
    if (!is_there) {
        pthread_mutex_lock(&lock);
        pthread_cond_wait(&arrived, &lock);
        pthread_mutex_unlock(&lock);
    }
    return (void *)(sum + result);
}

int main(void)
{
    pthread_t threads[2];
    void *sum;
    start(&threads[0], produce, NULL);
    start(&threads[1], consume, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], &sum);
    printf("%ld\n", (long)sum);
    return 0;
}
