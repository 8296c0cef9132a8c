/* Signals sent to one thread, which is blocked in a call or about to be. */
#include "check.h"

static pthread_t main_thread;
static volatile int handled_by, ready;
static int gate[2];

static void handler(int number, siginfo_t *info, void *context)
{
    CHECK(!pthread_equal(pthread_self(), main_thread));
    handled_by = gettid();
}

static void *worker(void *id)
{
    char byte;
    *(volatile int *)id = gettid();
    ready = 1;
    CHECK(read(gate[0], &byte, 1) == -1 && errno == EINTR);
    CHECK(read(gate[0], &byte, 1) == 1);
    return NULL;
}

int main(void)
{
    volatile int id = 0;
    main_thread = pthread_self();
    CHECK(pipe(gate) == 0);
    handle(SIGUSR1, handler, 0);
    pthread_t thread = start(worker, (void *)&id);
    while (!ready)
        sleep_ms(1);
    wait_asleep(id); /* it is inside read() now */
    CHECK(pthread_kill(thread, SIGUSR1) == 0);
    while (!handled_by)
        sleep_ms(1);
    CHECK(handled_by == id);
    CHECK(write(gate[1], "x", 1) == 1);
    join(thread);
    printf("handled by %d\n", handled_by);
    return 0;
}
