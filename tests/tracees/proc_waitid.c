/* waitid: a siginfo_t, the child left waitable; pid, group, any. */
#include "check.h"

int main(void)
{
    pid_t child = fork_flushed();
    if (child == 0)
        _exit(3);
    siginfo_t info;
    memset(&info, 0x5a, sizeof info);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    CHECK(info.si_pid == child && info.si_status == 3 && info.si_code == CLD_EXITED);
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_pid == child);
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == -1 && errno == ECHILD);
    int gate[2];
    char byte;
    CHECK(pipe(gate) == 0);
    child = fork_flushed();
    if (child == 0)
        _exit(read(gate[0], &byte, 1) == 1 ? 0 : 1);
    info.si_pid = 77;
    CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0);
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED) == 0);
    CHECK(info.si_code == CLD_KILLED && info.si_status == SIGKILL);
    printf("%d\n", (int)child);
    return 0;
}
