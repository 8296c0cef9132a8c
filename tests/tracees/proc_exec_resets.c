/* What exec takes away (handlers, the alternate stack) and what it leaves (ignored and blocked
 * signals, pending ones). */
#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
}

int main(int argc, char **argv)
{
    sigset_t set = set_of(SIGUSR2);
    struct sigaction action;
    if (argc == 1) {
        handle(SIGUSR1, handler, 0);
        signal(SIGHUP, SIG_IGN);
        CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR2) == 0);
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        CHECK(!"exec failed");
    }
    CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGUSR2));
    CHECK(sigpending(&set) == 0 && sigismember(&set, SIGUSR2));
    printf("%d\n", (int)getpid());
    return 0;
}
