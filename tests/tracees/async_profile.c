/* SIGPROF at 1 kHz while the program computes. */
#include <sys/time.h>

#include "check.h"

static volatile unsigned signals;
static volatile unsigned long state, seen;

static void on_profile(int signal)
{
    signals++;
    seen = seen * 31 + state;
}

int main(void)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    CHECK(signal(SIGPROF, on_profile) != SIG_ERR);
    CHECK(setitimer(ITIMER_PROF, &often, NULL) == 0);
    while (signals < 10)
        state = state * 6364136223846793005u + 1442695040888963407u;
    printf("%lx\n", seen);
    return 0;
}
