# Eight threads around mutexes and condition variables: a ring that passes a token, and a counter.
command=(./program)
needs=(gcc)
setup() {
    cat >program.c <<'SOURCE'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
enum { THREADS = 8, ROUNDS = 50 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, count_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t passed[THREADS];
static int holder, counter, order[THREADS * ROUNDS];
static void *run(void *argument)
{
    int me = (int)(long)argument;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&count_lock);
        order[counter++] = me;
        pthread_mutex_unlock(&count_lock);
        pthread_mutex_lock(&lock);
        while (holder != me)
            pthread_cond_wait(&passed[me], &lock);
        holder = (me + 1) % THREADS;
        pthread_cond_signal(&passed[holder]);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}
int main(void)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_cond_init(&passed[i], NULL);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, run, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS * ROUNDS; i++)
        putchar('0' + order[i]);
    printf("\n%d\n", counter);
    return counter != THREADS * ROUNDS;
}
SOURCE
    gcc -O2 -pthread -o program program.c
}
