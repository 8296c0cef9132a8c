/* A loop in which no register ever changes, and of memory one word: that alone tells its visits
 * apart. */
#include <sys/time.h>

#include "check.h"

static unsigned long count;
static volatile char stop;

static void on_alarm(int signal)
{
    static int alarms;
    printf("%lu\n", count);
    stop |= ++alarms == 3;
}

int main(void)
{
    const struct itimerval often = {{0, 5000}, {0, 5000}};
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    __asm__ volatile("1: addq $1, %0\n\t"
                     "cmpb $0, %1\n\t"
                     "je 1b"
                     : "+m"(count)
                     : "m"(stop)
                     : "cc");
    return 0;
}
