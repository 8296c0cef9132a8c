/* Static, but placed anywhere. */
/* flags: -static-pie -fPIE */
#include "check.h"

int main(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    printf("%p at %ld\n", (void *)main, now.tv_nsec);
    return 0;
}
