/* gettimeofday, time, times, getrusage, clock. */
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

#include "check.h"

int main(void)
{
    struct timeval now;
    struct timezone zone;
    CHECK(gettimeofday(&now, &zone) == 0 && now.tv_sec > 1000000000 && now.tv_usec < 1000000);
    time_t seconds;
    CHECK(time(&seconds) == seconds && seconds >= now.tv_sec);
    struct tms ticks;
    clock_t elapsed = times(&ticks);
    CHECK(elapsed != (clock_t)-1);
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0);
    CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0);
    CHECK(getrusage(RUSAGE_THREAD, &usage) == 0);
    printf("%ld.%06ld %ld %ld %ld\n", now.tv_sec, now.tv_usec, (long)elapsed, usage.ru_minflt,
           (long)clock());
    return 0;
}
