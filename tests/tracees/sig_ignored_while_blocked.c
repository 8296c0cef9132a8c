/* A signal without handler and effect (SIGCHLD, SIGURG) must not interrupt a blocked call. */
#include "check.h"

int main(void)
{
    int pair[2];
    char byte;
    CHECK(pipe(pair) == 0);
    signal(SIGUSR2, SIG_IGN);
    pid_t child = fork_flushed();
    if (child == 0) {
        sleep_ms(10);
        kill(getppid(), SIGURG);
        kill(getppid(), SIGUSR2);
        kill(getppid(), SIGWINCH);
        sleep_ms(10);
        _exit(write(pair[1], "x", 1) == 1 ? 0 : 1);
    }
    CHECK(read(pair[0], &byte, 1) == 1);
    check_child_ok(child);
    printf("%d\n", (int)child);
    return 0;
}
