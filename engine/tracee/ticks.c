#include "engine/tracee/ticks.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TICK_SIGNAL SIGALRM

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* In the tracing thread, maybe between any two of its instructions: as good as its own call. */
static void interrupt_process(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    if (info->si_code == SI_TIMER)
        ptrace(PTRACE_INTERRUPT, info->si_value.sival_int, 0, 0);
    errno = saved;
}

static bool create_timer(pid_t process, timer_t *ret)
{
    const struct sigaction action = {.sa_sigaction = interrupt_process,
                                     .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = TICK_SIGNAL,
                             .sigev_value.sival_int = process};
    clockid_t clock;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    return clock_getcpuclockid(process, &clock) == 0 &&
           sigaction(TICK_SIGNAL, &action, NULL) == 0 && timer_create(clock, &event, ret) == 0;
}

void ticks_start(pid_t process, uint64_t nanoseconds, struct ticks *ret)
{
    const struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                                  .tv_nsec = (long)(nanoseconds % 1000000000u)};
    const struct itimerspec interval = {.it_interval = time, .it_value = time};
    *ret = (struct ticks){0};
    if (!create_timer(process, &ret->timer))
        return;
    ret->running = true;
    if (timer_settime(ret->timer, 0, &interval, NULL) < 0)
        ticks_stop(ret);
}

void ticks_stop(struct ticks *ticks)
{
    if (ticks->running)
        timer_delete(ticks->timer);
    ticks->running = false;
}
