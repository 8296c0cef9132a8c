/* Signals that come while calls are made without a stop, and a handler that makes such calls. What
 * is printed depends on when each came. */
#include "check.h"

#include <sys/time.h>

static volatile sig_atomic_t alarms;
static volatile long calls, seen;

static void on_alarm(int signal)
{
    alarms++;
    seen = seen * 31 + calls;
    (void)getppid();
}

int main(void)
{
    struct itimerval interval = {.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000};
    struct sigaction action = {.sa_handler = on_alarm};
    char byte;
    int zero = open("/dev/zero", O_RDONLY);
    CHECK(zero >= 0);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &interval, NULL) == 0);
    for (; alarms < 20; calls++)
        CHECK(read(zero, &byte, 1) == 1);
    printf("%ld %ld\n", (long)calls, seen);
    return 0;
}
