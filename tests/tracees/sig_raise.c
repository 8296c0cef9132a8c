/* The handler of a raised signal has run before raise() returns. */
#include "check.h"

static volatile int handled, sender;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
    sender = info->si_pid;
}

int main(void)
{
    handle(SIGUSR1, handler, 0);
    CHECK(raise(SIGUSR1) == 0 && handled == 1);
    CHECK(kill(getpid(), SIGUSR1) == 0 && handled == 2);
    CHECK(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1) == 0 && handled == 3);
    CHECK(sender == getpid());
    CHECK(kill(getpid(), 0) == 0 && handled == 3);
    CHECK(kill(getpid(), 999) == -1 && errno == EINVAL);
    printf("from %d\n", sender);
    return 0;
}
