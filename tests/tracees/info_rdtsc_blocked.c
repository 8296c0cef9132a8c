/* rdtsc traps by SIGSEGV. A program that blocks, ignores or handles SIGSEGV must not notice: the
 * kernel resets the disposition of a blocked signal that it forces. */
#include <x86intrin.h>

#include "check.h"

static volatile int faults;

static void fault(int number, siginfo_t *info, void *context)
{
    faults++;
}

int main(void)
{
    handle(SIGSEGV, fault, SA_RESTART);
    sigset_t set = set_of(SIGSEGV), now;
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    unsigned long first = __rdtsc();
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0 && sigismember(&now, SIGSEGV));
    struct sigaction action;
    CHECK(sigaction(SIGSEGV, NULL, &action) == 0);
    CHECK(action.sa_sigaction == fault && (action.sa_flags & SA_RESTART));
    CHECK(raise(SIGSEGV) == 0 && faults == 0);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && faults == 1);
    signal(SIGSEGV, SIG_IGN);
    unsigned long second = __rdtsc();
    CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(second > first);
    printf("%lu\n", second - first);
    return 0;
}
