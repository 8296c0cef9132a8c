/* POSIX timers, by signal with a value; alarm(). */
#include "check.h"

static volatile int fired, value;

static void handler(int number, siginfo_t *info, void *context)
{
    CHECK(info->si_code == SI_TIMER);
    value = info->si_value.sival_int;
    fired++;
}

int main(void)
{
    handle(SIGRTMIN, handler, 0);
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = getpid()};
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec setting = {.it_value = {0, 5000000}, .it_interval = {0, 5000000}}, now;
    CHECK(timer_settime(timer, 0, &setting, NULL) == 0);
    while (fired < 3)
        sleep_ms(2);
    CHECK(timer_gettime(timer, &now) == 0 && now.it_interval.tv_nsec == 5000000);
    CHECK(timer_getoverrun(timer) >= 0);
    CHECK(timer_delete(timer) == 0);
    CHECK(value == getpid());
    CHECK(alarm(100) == 0 && alarm(0) > 0);
    printf("%d %d\n", fired, value);
    return 0;
}
