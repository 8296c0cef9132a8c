/* A grandchild whose parent has ended is given to the nearest subreaper, which is us. */
#include <sys/prctl.h>

#include "check.h"

int main(void)
{
    int pair[2];
    pid_t grandchild;
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(pair) == 0);
    pid_t parent = getpid(), child = fork_flushed();
    if (child == 0) {
        pid_t middle = getpid();
        if (fork() == 0) {
            while (getppid() == middle)
                sleep_ms(1);
            CHECK(getppid() == parent);
            pid_t self = getpid();
            _exit(write(pair[1], &self, sizeof self) == sizeof self ? 8 : 1);
        }
        _exit(0);
    }
    check_child_ok(child);
    CHECK(read(pair[0], &grandchild, sizeof grandchild) == sizeof grandchild);
    CHECK(WEXITSTATUS(wait_status(grandchild)) == 8);
    printf("%d -> %d -> %d\n", (int)parent, (int)child, (int)grandchild);
    return 0;
}
