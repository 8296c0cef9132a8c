/* The dynamic linker asks cpuid before main: what a program inherits of SIGSEGV must survive. */
#include "check.h"

int main(int argc, char **argv)
{
    struct sigaction action;
    sigset_t set = set_of(SIGSEGV), now;
    if (argc > 1) {
        CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
        CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
        CHECK(sigismember(&now, SIGSEGV) == (argc == 3));
        printf("%s\n", argv[0]);
        return 0;
    }
    signal(SIGSEGV, SIG_IGN);
    pid_t pid = fork_flushed();
    if (pid == 0) {
        execl("/proc/self/exe", "ignored", "1", NULL);
        _exit(1);
    }
    check_child_ok(pid);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    execl("/proc/self/exe", "ignored and blocked", "1", "2", NULL);
    return 1;
}
