/* Process groups and sessions. */
#include "check.h"

int main(void)
{
    pid_t child = fork_flushed();
    if (child == 0) {
        CHECK(setpgid(0, 0) == 0 && getpgrp() == getpid());
        CHECK(setsid() == -1 && errno == EPERM); /* a group's leader may not */
        pid_t inner = fork_flushed();
        if (inner == 0) {
            CHECK(setsid() == getpid() && getsid(0) == getpid());
            CHECK(open("/dev/tty", O_RDWR) == -1 && errno == ENXIO);
            _exit(0);
        }
        check_child_ok(inner);
        _exit(0);
    }
    check_child_ok(child);
    CHECK(setpgid(-5, 0) == -1);
    printf("%d %d\n", (int)child, (int)getpgrp());
    return 0;
}
