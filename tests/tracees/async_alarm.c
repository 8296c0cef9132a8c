/* SIGALRM ends a loop that makes no calls: what it counted depends on the exact points. */
#include <sys/time.h>

#include "check.h"

static volatile int alarms;
static volatile unsigned long count;

static void on_alarm(int signal)
{
    alarms++;
}

int main(void)
{
    const struct itimerval often = {{0, 3000}, {0, 3000}};
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (alarms < 6)
        count++;
    printf("%lu\n", count);
    return 0;
}
