/* SIGPIPE and EPIPE. */
#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
}

int main(void)
{
    int pair[2];
    CHECK(pipe(pair) == 0 && close(pair[0]) == 0);
    handle(SIGPIPE, handler, 0);
    CHECK(write(pair[1], "x", 1) == -1 && errno == EPIPE && handled == 1);
    signal(SIGPIPE, SIG_IGN);
    CHECK(write(pair[1], "x", 1) == -1 && errno == EPIPE && handled == 1);
    pid_t child = fork_flushed();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        _exit(write(pair[1], "x", 1) == 1 ? 0 : 1);
    }
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    printf("%d\n", (int)child);
    return 0;
}
