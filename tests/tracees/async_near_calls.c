/* Signals at 500 Hz while two threads make calls all the time and compute a little in between: they
 * land right before and right after calls, too, and calls that they interrupt are made again. */
/* With all memory hashed at each event, a handler takes longer than the timer's period. */
/* modes: native replay counted back oracle allpages */
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

static volatile int alarms;
static volatile unsigned long state[2], seen;
static int ends[2];

static void on_alarm(int signal)
{
    alarms++;
    seen = seen * 31 + state[0] + state[1];
}

static void compute(int which)
{
    for (int i = 0; i < 2000; i++)
        state[which] = state[which] * 31 + 7;
}

static void *ask(void *ignored)
{
    while (alarms < 15) {
        CHECK(syscall(SYS_getppid) > 0);
        compute(1);
        CHECK(write(ends[1], "x", 1) == 1);
    }
    close(ends[1]);
    return NULL;
}

int main(void)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    pthread_t thread;
    char byte;
    ssize_t got;
    CHECK(pipe(ends) == 0);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, ask, NULL) == 0);
    while ((got = read(ends[0], &byte, 1)) == 1)
        compute(0);
    CHECK(got == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    printf("%lx\n", seen);
    return 0;
}
