/* A child dies of a signal, its parent of none. */
#include "check.h"

int main(void)
{
    pid_t child = fork_flushed();
    if (child == 0)
        *(volatile int *)16 = 1;
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    printf("%d died\n", (int)child);
    return 0;
}
