/* A blocked signal is pending; its handler has run before the unblocking call returns. */
#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    sigset_t mask;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGUSR1));
    CHECK(sigismember(&mask, SIGUSR2)); /* by sa_mask */
    handled++;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    sigset_t set = set_of(SIGUSR1), pending, old;
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0 && !sigismember(&old, SIGUSR1));
    CHECK(raise(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && handled == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(handled == 1);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1));
    CHECK(sigprocmask(SIG_SETMASK, NULL, &old) == 0 && !sigismember(&old, SIGUSR2));
    printf("%d\n", (int)getpid());
    return 0;
}
