/* SIGALRM of an interval timer while the program sleeps. */
#include <sys/time.h>

#include "check.h"

static volatile int alarms;

static void handler(int number, siginfo_t *info, void *context)
{
    alarms++;
}

int main(void)
{
    handle(SIGALRM, handler, 0);
    struct itimerval timer = {{0, 10000}, {0, 10000}}, now;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    struct timespec left = {0, 200000000};
    int interrupted = 0;
    while (nanosleep(&left, &left) != 0) {
        CHECK(errno == EINTR);
        interrupted++;
    }
    CHECK(getitimer(ITIMER_REAL, &now) == 0 && now.it_interval.tv_usec == 10000);
    CHECK(setitimer(ITIMER_REAL, &(struct itimerval){0}, &now) == 0);
    CHECK(alarms > 0 && interrupted > 0 && interrupted <= alarms);
    printf("%d alarms, %d interruptions\n", alarms, interrupted);
    return 0;
}
