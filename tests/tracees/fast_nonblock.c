/* What would wait says EAGAIN where the program asked for that, and waits where it did not. */
#include "check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static int ends[2];

static void *write_later(void *unused)
{
    usleep(20000);
    CHECK(write(ends[1], "late", 4) == 4);
    return unused;
}

int main(void)
{
    int sockets[2], event = eventfd(0, EFD_NONBLOCK), epoll = epoll_create1(0);
    char bytes[8];
    uint64_t count = 3;
    CHECK(pipe(ends) == 0 && event >= 0 && epoll >= 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    struct epoll_event wanted = {.events = EPOLLIN}, got;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &wanted) == 0);
    for (int i = 0; i < 10; i++) {
        CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
        CHECK(read(ends[0], bytes, sizeof(bytes)) == -1 && errno == EAGAIN);
        CHECK(recv(sockets[0], bytes, sizeof(bytes), MSG_DONTWAIT) == -1 && errno == EAGAIN);
        CHECK(read(event, &count, sizeof(count)) == -1 && errno == EAGAIN);
        struct pollfd polled = {.fd = ends[0], .events = POLLIN};
        CHECK(poll(&polled, 1, 0) == 0 && polled.revents == 0);
        CHECK(epoll_wait(epoll, &got, 1, 0) == 0);
        CHECK(fcntl(ends[0], F_SETFL, 0) == 0);
        pthread_t writer = start(write_later, NULL);
        if (i % 2)
            CHECK(poll(&polled, 1, -1) == 1 && polled.revents == POLLIN);
        else
            CHECK(epoll_wait(epoll, &got, 1, 5000) == 1);
        CHECK(read(ends[0], bytes, sizeof(bytes)) == 4 && memcmp(bytes, "late", 4) == 0);
        join(writer);
        CHECK(send(sockets[1], "now", 3, 0) == 3);
        CHECK(recv(sockets[0], bytes, sizeof(bytes), 0) == 3);
        count = (uint64_t)i + 1;
        CHECK(write(event, &count, sizeof(count)) == 8);
        CHECK(read(event, &count, sizeof(count)) == 8 && count == (uint64_t)i + 1);
    }
    printf("%d\n", (int)getpid());
    return 0;
}
