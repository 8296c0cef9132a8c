/* Every clock; they come from real calls, as the vdso is gone, and never run backwards. */
#include "check.h"

int main(void)
{
    clockid_t clocks[] = {CLOCK_REALTIME,           CLOCK_MONOTONIC,        CLOCK_BOOTTIME,
                          CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,  CLOCK_MONOTONIC_COARSE,
                          CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    for (size_t i = 0; i < COUNT(clocks); i++) {
        struct timespec before, after, step;
        CHECK(clock_getres(clocks[i], &step) == 0 && step.tv_sec == 0);
        CHECK(clock_gettime(clocks[i], &before) == 0 && clock_gettime(clocks[i], &after) == 0);
        CHECK(after.tv_sec > before.tv_sec ||
              (after.tv_sec == before.tv_sec && after.tv_nsec >= before.tv_nsec));
        printf("%d: %ld.%09ld\n", clocks[i], after.tv_sec, after.tv_nsec);
    }
    struct timespec none;
    CHECK(clock_gettime(99, &none) == -1 && errno == EINVAL);
    return 0;
}
