/* A signal to a process of several threads goes to the one that does not block it. */
#include "check.h"

static volatile int handled_by;
static int gate[2];

static void handler(int number, siginfo_t *info, void *context)
{
    handled_by = gettid();
}

static void *open_thread(void *id)
{
    *(volatile int *)id = gettid();
    sigset_t set = set_of(SIGUSR1);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    char byte;
    ssize_t length;
    while ((length = read(gate[0], &byte, 1)) != 1)
        CHECK(length == -1 && errno == EINTR);
    return NULL;
}

int main(void)
{
    volatile int id = 0;
    CHECK(pipe(gate) == 0);
    handle(SIGUSR1, handler, 0);
    sigset_t set = set_of(SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    pthread_t thread = start(open_thread, (void *)&id);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    while (!handled_by)
        sleep_ms(1);
    CHECK(handled_by == id && id != getpid());
    CHECK(write(gate[1], "x", 1) == 1);
    join(thread);
    printf("%d\n", handled_by);
    return 0;
}
