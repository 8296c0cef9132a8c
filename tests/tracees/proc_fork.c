/* fork and wait4: what the child changes is its own; its use of resources comes with its status. */
#include <sys/resource.h>

#include "check.h"

int main(void)
{
    static int variable = 1;
    pid_t child = fork_flushed();
    if (child == 0) {
        variable = 2;
        printf("child %d of %d\n", (int)getpid(), (int)getppid());
        exit(7);
    }
    int status;
    struct rusage usage;
    CHECK(wait4(child, &status, 0, &usage) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7 && variable == 1);
    CHECK(usage.ru_maxrss > 0);
    CHECK(wait4(-1, &status, WNOHANG, NULL) == -1 && errno == ECHILD);
    printf("reaped %d\n", (int)child);
    return 0;
}
