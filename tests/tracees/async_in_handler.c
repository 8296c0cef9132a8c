/* A signal interrupts another one's handler, which computes; the points lie in there. */
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

static volatile int alarms;
static volatile unsigned long count, seen;

static void on_alarm(int signal)
{
    alarms++;
    seen = seen * 31 + count;
}

static void on_user(int signal)
{
    int until = alarms + 2;
    while (alarms < until)
        count++;
}

int main(void)
{
    const struct itimerval often = {{0, 3000}, {0, 3000}};
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(signal(SIGUSR1, on_user) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(alarms >= 2);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    printf("%lu %lx\n", count, seen);
    return 0;
}
