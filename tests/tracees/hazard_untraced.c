/* CLONE_UNTRACED: a child that would escape its tracer but not the filter. Not recorded yet. */
/* modes: native */
#include <sched.h>

#include "check.h"

static int child_function(void *unused)
{
    return getpid() > 0 ? 4 : 1;
}

int main(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    pid_t child =
        clone(child_function, stack + sizeof stack, CLONE_VM | CLONE_UNTRACED | SIGCHLD, NULL);
    CHECK(child > 0 && WEXITSTATUS(wait_status(child)) == 4);
    printf("%d\n", (int)child);
    return 0;
}
