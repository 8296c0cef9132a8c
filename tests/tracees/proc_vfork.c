/* vfork: the child runs in its parent's memory while the parent waits, until it execs or exits. */
#include "check.h"

int main(void)
{
    volatile int seen = 0;
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        seen = getpid();
        _exit(5);
    }
    CHECK(seen == child);
    CHECK(WEXITSTATUS(wait_status(child)) == 5);
    child = vfork();
    if (child == 0) {
        execl("/bin/echo", "echo", "from", "echo", (char *)NULL);
        _exit(127);
    }
    check_child_ok(child);
    child = vfork();
    if (child == 0) {
        execl("/absent", "absent", (char *)NULL);
        seen = errno;
        _exit(6);
    }
    CHECK(seen == ENOENT && WEXITSTATUS(wait_status(child)) == 6);
    printf("%d\n", (int)child);
    return 0;
}
