/* Children of children, four deep; each prints when its own child has ended. */
#include "check.h"

int main(void)
{
    int depth = 0;
    pid_t child;
    while (depth < 4 && (child = fork_flushed()) == 0)
        depth++;
    if (depth < 4)
        CHECK(WEXITSTATUS(wait_status(child)) == depth + 1);
    printf("%d: %d of %d\n", depth, (int)getpid(), (int)getppid());
    fflush(stdout);
    _exit(depth);
}
