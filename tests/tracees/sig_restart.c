/* A signal interrupts read() of a pipe: with SA_RESTART the call goes on, without it ends in EINTR.
 */
#include "check.h"

static volatile int handled;

static void handler(int number, siginfo_t *info, void *context)
{
    handled++;
}

/* The child signals, waits until the handler can have run, and writes. */
static pid_t signal_then_write(int fd)
{
    pid_t child = fork_flushed();
    if (child == 0) {
        wait_asleep(getppid());
        kill(getppid(), SIGUSR1);
        sleep_ms(50);
        _exit(write(fd, "late", 4) == 4 ? 0 : 1);
    }
    return child;
}

int main(void)
{
    int pair[2];
    char buffer[8] = "";
    CHECK(pipe(pair) == 0);
    handle(SIGUSR1, handler, SA_RESTART);
    pid_t child = signal_then_write(pair[1]);
    CHECK(read(pair[0], buffer, 8) == 4 && handled == 1);
    check_child_ok(child);

    handle(SIGUSR1, handler, 0);
    child = signal_then_write(pair[1]);
    CHECK(read(pair[0], buffer, 8) == -1 && errno == EINTR && handled == 2);
    CHECK(read(pair[0], buffer, 8) == 4);
    check_child_ok(child);
    printf("%s from %d\n", buffer, (int)child);
    return 0;
}
