/* A handler that sets the default action back and raises its signal again, as crash reporters do.
 */
/* expect: 139 */
#include "check.h"

static void report(int number, siginfo_t *info, void *context)
{
    char line[64];
    int length = snprintf(line, sizeof line, "signal %d at %p\n", number, info->si_addr);
    CHECK(write(1, line, (size_t)length) == length);
    signal(number, SIG_DFL);
}

int main(void)
{
    handle(SIGSEGV, report, 0);
    *(volatile int *)16 = 1; /* runs twice */
    return 0;
}
