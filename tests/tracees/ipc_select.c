/* select and pselect: sets rewritten, the remaining time, too. */
#include <sys/select.h>

#include "check.h"

int main(void)
{
    int pair[2];
    CHECK(pipe(pair) == 0);
    fd_set in, out;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(pair[0], &in);
    FD_SET(pair[1], &out);
    struct timeval wait = {3, 0};
    CHECK(select(pair[1] + 1, &in, &out, NULL, &wait) == 1);
    CHECK(!FD_ISSET(pair[0], &in) && FD_ISSET(pair[1], &out) && wait.tv_sec <= 3);
    FD_SET(pair[0], &in);
    struct timeval short_wait = {0, 10000};
    CHECK(select(pair[0] + 1, &in, NULL, NULL, &short_wait) == 0);
    CHECK(short_wait.tv_usec == 0 && !FD_ISSET(pair[0], &in));
    FD_SET(pair[0], &in);
    CHECK(write(pair[1], "x", 1) == 1);
    struct timespec nano = {3, 0};
    sigset_t mask = set_of(SIGUSR1);
    CHECK(pselect(pair[0] + 1, &in, NULL, NULL, &nano, &mask) == 1 && nano.tv_sec == 3);
    /* Below 64: of larger numbers the kernel looks at those only that the table of open files,
     * whose size is inherited, has room for. */
    close(50);
    FD_SET(50, &in);
    CHECK(select(51, &in, NULL, NULL, &wait) == -1 && errno == EBADF);
    printf("%ld.%06ld left\n", wait.tv_sec, wait.tv_usec);
    return 0;
}
