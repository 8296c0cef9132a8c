# C: four threads that spin on atomics, each waiting for its number.
command=("$WORK/program")
prepare() {
    cat >program.c <<'C'
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_ulong next;
static unsigned long waited[4];

static void *work(void *argument)
{
    unsigned long number = (unsigned long)argument;
    for (unsigned long round = 0; round < 5; round++) {
        while (atomic_load(&next) != round * 4 + number)
            waited[number]++;
        atomic_fetch_add(&next, 1);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (unsigned long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("%lu %lu %lu %lu\n", waited[0], waited[1], waited[2], waited[3]);
    return 0;
}
C
    gcc -O2 -pthread -o "$WORK/program" program.c
}
