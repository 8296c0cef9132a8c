/* A child is stopped and continued; its parent waits for both. */
#include "check.h"

int main(void)
{
    int gate[2];
    char byte;
    CHECK(pipe(gate) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        CHECK(read(gate[0], &byte, 1) == 1);
        _exit(4);
    }
    int status;
    CHECK(kill(child, SIGSTOP) == 0);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(WSTOPSIG(status) == SIGSTOP);
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    CHECK(write(gate[1], "x", 1) == 1);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 4);
    printf("%d\n", (int)child);
    return 0;
}
