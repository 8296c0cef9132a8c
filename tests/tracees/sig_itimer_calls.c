/* SIGALRM each millisecond in a program that makes one call after the other and never blocks. */
#include <sys/time.h>

#include "check.h"

static volatile int alarms;

static void handler(int number, siginfo_t *info, void *context)
{
    alarms++;
}

int main(void)
{
    handle(SIGALRM, handler, SA_RESTART);
    CHECK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL) == 0);
    long calls = 0, sum = 0;
    for (int seen = 0, changes = 0; changes < 20; calls++) {
        sum += getppid();
        if (alarms != seen) {
            seen = alarms;
            changes++;
            printf("alarm %d after %ld calls\n", seen, calls);
        }
    }
    CHECK(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL) == 0);
    CHECK(sum == calls * getppid());
    return 0;
}
