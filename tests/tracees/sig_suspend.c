/* sigsuspend and pause: the handler runs under the call's mask, the old mask is back afterwards. */
#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
}

int main(void)
{
    handle(SIGUSR1, handler, 0);
    sigset_t set = set_of(SIGUSR1), none;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    raise(SIGUSR1);
    CHECK(handled == 0);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && handled == 1);
    CHECK(sigprocmask(SIG_SETMASK, NULL, &none) == 0 && sigismember(&none, SIGUSR1));
    pid_t child = fork_flushed();
    if (child == 0) {
        sleep_ms(20);
        _exit(kill(getppid(), SIGUSR1));
    }
    sigemptyset(&none);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && handled == 2);
    check_child_ok(child);
    printf("%d\n", (int)child);
    return 0;
}
