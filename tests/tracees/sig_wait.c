/* sigwaitinfo, sigwait and sigtimedwait take signals without handlers; a timeout ends the last. */
#include "check.h"

int main(void)
{
    sigset_t set = set_of(SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    pid_t parent = getpid(), child = fork_flushed();
    if (child == 0) {
        sleep_ms(20);
        sigqueue(parent, SIGRTMIN, (union sigval){.sival_int = 7});
        _exit(0);
    }
    siginfo_t info;
    memset(&info, 0x5a, sizeof info);
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN);
    CHECK(info.si_pid == child && info.si_value.sival_int == 7);
    check_child_ok(child);
    struct timespec wait = {0, 20000000};
    int64_t before = now_ms();
    CHECK(sigtimedwait(&set, &info, &wait) == -1 && errno == EAGAIN);
    CHECK(now_ms() - before >= 19);
    raise(SIGUSR1);
    CHECK(sigtimedwait(&set, &info, &wait) == SIGUSR1 && info.si_pid == getpid());
    raise(SIGUSR1);
    int number;
    CHECK(sigwait(&set, &number) == 0 && number == SIGUSR1);
    printf("%d\n", (int)child);
    return 0;
}
