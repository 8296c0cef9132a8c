/* Progress only in memory that no register leads to while inner loops run, which repeat exactly. */
#include <stdlib.h>
#include <sys/time.h>

#include "check.h"

static volatile int alarms;
static unsigned long **hidden;

static void on_alarm(int signal)
{
    alarms++;
}

/* The same states each time. */
static __attribute__((noinline)) unsigned long inner(void)
{
    unsigned long x = 1;
    for (int i = 0; i < 20000; i++)
        x = x * 6364136223846793005u + (unsigned long)i;
    return x;
}

static __attribute__((noinline)) void progress(void)
{
    **hidden += 1;
}

int main(void)
{
    const struct itimerval often = {{0, 4000}, {0, 4000}};
    char *far = malloc(8 << 20);
    CHECK(far != NULL);
    unsigned long *count = (unsigned long *)(far + (5 << 20));
    hidden = malloc(sizeof(*hidden));
    CHECK(hidden != NULL);
    *count = 0;
    *hidden = count;
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    count = NULL;
    unsigned long sum = 0;
    while (alarms < 4) {
        sum = inner();
        progress();
    }
    printf("%lu %lx\n", **hidden, sum);
    return 0;
}
