/* epoll: packed structures with the user's own data; level, edge, one shot; timeouts. */
#include <sys/epoll.h>

#include "check.h"

int main(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC), one[2], two[2];
    CHECK(fd >= 0 && pipe(one) == 0 && pipe(two) == 0);
    struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}}, got[4];
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, one[0], &event) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, one[0], &event) == -1 && errno == EEXIST);
    event = (struct epoll_event){EPOLLIN | EPOLLET, {.ptr = &event}};
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, two[0], &event) == 0);
    memset(got, 0x5a, sizeof got);
    CHECK(epoll_wait(fd, got, 4, 0) == 0 && got[0].events == 0x5a5a5a5a);
    CHECK(write(one[1], "x", 1) == 1 && write(two[1], "x", 1) == 1);
    CHECK(epoll_wait(fd, got, 4, -1) == 2 && got[2].events == 0x5a5a5a5a);
    CHECK(epoll_wait(fd, got, 4, -1) == 1 && got[0].data.u64 == 0x1122334455667788);
    CHECK(epoll_ctl(fd, EPOLL_CTL_DEL, one[0], NULL) == 0);
    int64_t before = now_ms();
    CHECK(epoll_pwait(fd, got, 4, 10, NULL) == 0 && now_ms() - before >= 9);
    CHECK(epoll_wait(fd, got, 0, 0) == -1 && errno == EINVAL);
    printf("%d %p\n", fd, (void *)&event);
    return 0;
}
