/* SIGALRM of an interval timer while the program reads a pipe that is filled slowly. */
#include <sys/time.h>

#include "check.h"

static volatile int alarms;

static void handler(int number, siginfo_t *info, void *context)
{
    alarms++;
}

int main(void)
{
    int pair[2], interrupted = 0;
    char byte;
    CHECK(pipe(pair) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            sleep_ms(30);
            CHECK(write(pair[1], "x", 1) == 1);
        }
        _exit(0);
    }
    close(pair[1]);
    handle(SIGALRM, handler, 0);
    CHECK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 7000}, {0, 7000}}, NULL) == 0);
    int got = 0;
    for (ssize_t length; (length = read(pair[0], &byte, 1)) != 0;) {
        CHECK(length == 1 || errno == EINTR);
        got += length == 1;
        interrupted += length < 0;
    }
    CHECK(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL) == 0);
    CHECK(got == 5 && alarms > 0 && interrupted <= alarms);
    check_child_ok(child);
    printf("%d alarms, %d interruptions\n", alarms, interrupted);
    return 0;
}
