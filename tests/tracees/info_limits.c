/* getrlimit, setrlimit, prlimit64; the old value comes with the new one's setting. */
#include <sys/resource.h>

#include "check.h"

int main(void)
{
    struct rlimit limit, lower, seen;
    for (int i = 0; i < RLIMIT_NLIMITS; i++) {
        CHECK(getrlimit(i, &limit) == 0);
        printf("%d: %lu %lu\n", i, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
    }
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    lower = limit;
    lower.rlim_cur = 20;
    CHECK(prlimit(0, RLIMIT_NOFILE, &lower, &seen) == 0 && seen.rlim_cur == limit.rlim_cur);
    CHECK(getrlimit(RLIMIT_NOFILE, &seen) == 0 && seen.rlim_cur == 20);
    int fd = 0;
    while (fd >= 0 && fd < 20)
        fd = dup(0);
    CHECK(fd == -1 && errno == EMFILE);
    CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){0, limit.rlim_max}) == 0 || errno == EPERM);
    return 0;
}
