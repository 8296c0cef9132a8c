/* nanosleep interrupted by a signal tells what remains; clock_nanosleep to an absolute time. */
#include <sys/time.h>

#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
}

int main(void)
{
    handle(SIGALRM, handler, SA_RESTART);
    CHECK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 20000}}, NULL) == 0);
    struct timespec wait = {5, 0}, left = {-1, -1};
    CHECK(nanosleep(&wait, &left) == -1 && errno == EINTR); /* SA_RESTART or not */
    CHECK(left.tv_sec >= 0 && left.tv_sec < 5 && wait.tv_sec == 5);
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    int64_t target = (int64_t)until.tv_sec * 1000000000 + until.tv_nsec + 20000000;
    until = (struct timespec){target / 1000000000, target % 1000000000};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    CHECK(now_ms() >= target / 1000000);
    wait.tv_nsec = -1;
    CHECK(nanosleep(&wait, NULL) == -1 && errno == EINVAL);
    printf("%ld.%09ld left\n", left.tv_sec, left.tv_nsec);
    return 0;
}
