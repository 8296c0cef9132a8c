/* A process as a descriptor: opened, polled, signalled, waited for. */
#include <poll.h>
#include <sys/pidfd.h>

#include "check.h"

int main(void)
{
    int gate[2];
    char byte;
    CHECK(pipe(gate) == 0);
    pid_t child = fork_flushed();
    if (child == 0)
        _exit(read(gate[0], &byte, 1) == 1 ? 0 : 1);
    int fd = pidfd_open(child, 0);
    if (fd < 0 && errno == ENOSYS) {
        CHECK(write(gate[1], "x", 1) == 1);
        check_child_ok(child);
        return 0;
    }
    struct pollfd poll_fd = {fd, POLLIN, 0};
    CHECK(poll(&poll_fd, 1, 0) == 0);
    CHECK(pidfd_send_signal(fd, SIGTERM, NULL, 0) == 0);
    CHECK(poll(&poll_fd, 1, -1) == 1 && poll_fd.revents & POLLIN);
    siginfo_t info;
    CHECK(waitid((idtype_t)3 /* P_PIDFD */, (id_t)fd, &info, WEXITED) == 0);
    CHECK(info.si_pid == child && info.si_status == SIGTERM);
    printf("%d\n", (int)child);
    return 0;
}
