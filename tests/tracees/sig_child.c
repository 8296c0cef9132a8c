/* A handler of SIGCHLD that reaps. */
#include "check.h"

enum { CHILDREN = 5 };
static volatile int reaped, sum;

static void handler(int number, siginfo_t *info, void *context)
{
    int status, error = errno;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        sum += WEXITSTATUS(status);
        reaped++;
    }
    errno = error;
}

int main(void)
{
    handle(SIGCHLD, handler, SA_RESTART);
    sigset_t block = set_of(SIGCHLD), none;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
    for (int i = 1; i <= CHILDREN; i++) {
        pid_t child = fork_flushed();
        if (child == 0) {
            sleep_ms(i * 3);
            _exit(i);
        }
        printf("%d\n", (int)child);
    }
    while (reaped < CHILDREN)
        sigsuspend(&none);
    CHECK(sum == CHILDREN * (CHILDREN + 1) / 2);
    CHECK(wait(NULL) == -1 && errno == ECHILD);
    return 0;
}
