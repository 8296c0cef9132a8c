/* Threads, signals and a fork in a statically linked program. */
/* flags: -static */
#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
}

static void *worker(void *unused)
{
    CHECK(raise(SIGUSR1) == 0 && handled == 1);
    return unused;
}

int main(void)
{
    handle(SIGUSR1, handler, 0);
    join(start(worker, NULL));
    pid_t child = fork_flushed();
    if (child == 0)
        _exit(3);
    CHECK(WEXITSTATUS(wait_status(child)) == 3);
    printf("%d\n", (int)child);
    return 0;
}
