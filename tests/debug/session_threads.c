/* Two threads that take turns with the first one. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int visits;

static void visit(int who)
{
    pthread_mutex_lock(&lock);
    visits += who;
    pthread_mutex_unlock(&lock);
}

static void *first(void *argument)
{
    visit(1);
    return NULL;
}

static void *second(void *argument)
{
    visit(10);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%d\n", visits);
    return 0;
}
