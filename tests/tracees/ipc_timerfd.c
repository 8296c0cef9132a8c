/* timerfd: expirations are counted. */
#include <sys/timerfd.h>

#include "check.h"

int main(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec setting = {{0, 3000000}, {0, 3000000}}, now;
    CHECK(timerfd_settime(fd, 0, &setting, NULL) == 0);
    uint64_t count, sum = 0;
    for (int i = 0; i < 3; i++) {
        CHECK(read(fd, &count, 8) == 8 && count >= 1);
        sum += count;
    }
    CHECK(timerfd_gettime(fd, &now) == 0 && now.it_interval.tv_nsec == 3000000);
    sleep_ms(20);
    CHECK(read(fd, &count, 8) == 8 && count >= 5);
    CHECK(read(fd, &count, 4) == -1 && errno == EINVAL);
    printf("%lu, then %lu; %ld ns left\n", sum, count, now.it_value.tv_nsec);
    return 0;
}
