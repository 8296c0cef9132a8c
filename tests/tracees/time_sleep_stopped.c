/* A sleep during which the process is stopped and continued: it goes on by restart_syscall. */
#include "check.h"

int main(void)
{
    pid_t child = fork_flushed();
    if (child == 0) {
        struct timespec wait = {0, 100000000};
        int64_t before = now_ms();
        CHECK(nanosleep(&wait, NULL) == 0 && now_ms() - before >= 99);
        _exit(3);
    }
    int status;
    sleep_ms(20);
    CHECK(kill(child, SIGSTOP) == 0);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(WEXITSTATUS(wait_status(child)) == 3);
    printf("%d\n", (int)child);
    return 0;
}
