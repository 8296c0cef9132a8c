/* signalfd: signals are read as structures. */
#include <sys/signalfd.h>

#include "check.h"

int main(void)
{
    sigset_t set = set_of(SIGUSR1);
    sigaddset(&set, SIGCHLD);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    CHECK(raise(SIGUSR1) == 0);
    struct signalfd_siginfo info[2];
    CHECK(read(fd, info, sizeof info) == sizeof info[0]);
    CHECK(info[0].ssi_signo == SIGUSR1 && info[0].ssi_pid == (uint32_t)getpid());
    pid_t child = fork_flushed();
    if (child == 0) {
        sleep_ms(10);
        _exit(4);
    }
    CHECK(read(fd, info, sizeof info) == sizeof info[0]);
    CHECK(info[0].ssi_signo == SIGCHLD && info[0].ssi_pid == (uint32_t)child);
    CHECK(info[0].ssi_status == 4 && WEXITSTATUS(wait_status(child)) == 4);
    printf("%d\n", (int)child);
    return 0;
}
