/* Progress in vector registers alone, and in the x87 stack. */
#include <sys/time.h>

#include "check.h"

static volatile char stop;

static void on_alarm(int signal)
{
    stop = 1;
}

static void arm(void)
{
    const struct itimerval soon = {{0, 0}, {0, 5000}};
    stop = 0;
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
}

int main(void)
{
    const unsigned long one[2] = {1, 3};
    unsigned long sums[2] = {0, 0};
    double sum = 0;
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    arm();
    __asm__ volatile("movdqu %2, %%xmm1\n\t"
                     "pxor %%xmm0, %%xmm0\n\t"
                     "1: paddq %%xmm1, %%xmm0\n\t"
                     "cmpb $0, %1\n\t"
                     "je 1b\n\t"
                     "movdqu %%xmm0, %0"
                     : "=m"(sums)
                     : "m"(stop), "m"(one)
                     : "cc", "xmm0", "xmm1");
    CHECK(sums[1] == 3 * sums[0]);
    arm();
    __asm__ volatile("fld1\n\t"
                     "fldz\n\t"
                     "1: fadd %%st(1), %%st\n\t"
                     "cmpb $0, %1\n\t"
                     "je 1b\n\t"
                     "fstpl %0\n\t"
                     "fstp %%st(0)"
                     : "=m"(sum)
                     : "m"(stop)
                     : "cc");
    printf("%lu %.0f\n", sums[0], sum);
    return 0;
}
