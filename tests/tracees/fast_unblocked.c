/* A pending signal is delivered before the call that unblocks it returns, and one raised by a call
 * before that returns, without a stop as with one. */
#include "check.h"

static volatile sig_atomic_t handled;

static void on_signal(int signal)
{
    handled++;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set, before;
    int ends[2];
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
    CHECK(pipe(ends) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    for (int i = 0; i < 30; i++) {
        CHECK(sigprocmask(SIG_BLOCK, &set, &before) == 0);
        CHECK(kill(getpid(), SIGUSR1) == 0);
        CHECK(handled == i);
        CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
        CHECK(handled == i + 1);
    }
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(close(ends[0]) == 0);
    for (int i = 0; i < 30; i++) {
        CHECK(write(ends[1], "x", 1) == -1 && errno == EPIPE);
        CHECK(handled == 31 + i);
    }
    printf("%d\n", (int)getpid());
    return 0;
}
