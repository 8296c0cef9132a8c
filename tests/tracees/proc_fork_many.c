/* Twenty children at once, reaped in any order. */
#include "check.h"

int main(void)
{
    int sum = 0, status;
    for (int i = 0; i < 20; i++) {
        pid_t child = fork_flushed();
        if (child == 0)
            _exit(i);
    }
    for (int i = 0; i < 20; i++) {
        pid_t child = wait(&status);
        CHECK(child > 0 && WIFEXITED(status));
        printf("%d: %d\n", (int)child, WEXITSTATUS(status));
        sum += WEXITSTATUS(status);
    }
    CHECK(sum == 190);
    return 0;
}
