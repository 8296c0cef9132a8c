/* Calls with nested pointers that block in one thread while others work: recvmsg, readv, poll,
 * epoll_wait, waitid. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "check.h"

static int sockets[2], pipes[3][2];
static pid_t child;

static void *in_recvmsg(void *unused)
{
    char one[3], two[8] = "";
    struct iovec vector[] = {{one, 3}, {two, 8}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
    CHECK(recvmsg(sockets[0], &message, 0) == 6);
    CHECK(memcmp(one, "abc", 3) == 0 && memcmp(two, "def", 4) == 0);
    CHECK(message.msg_iov == vector && vector[0].iov_base == one);
    return unused;
}

static void *in_readv(void *unused)
{
    char one[2], two[8] = "";
    struct iovec vector[] = {{one, 2}, {two, 8}};
    CHECK(readv(pipes[0][0], vector, 2) == 4 && memcmp(two, "34", 3) == 0);
    return unused;
}

static void *in_poll(void *unused)
{
    struct pollfd fds[] = {{pipes[1][0], POLLIN, 0x55}, {-1, POLLIN, 0x55}};
    CHECK(poll(fds, 2, -1) == 1 && fds[0].revents == POLLIN && fds[1].revents == 0);
    return unused;
}

static void *in_epoll(void *unused)
{
    int fd = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.u64 = 0x123456789abcdef}}, got[3];
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, pipes[2][0], &event) == 0);
    CHECK(epoll_wait(fd, got, 3, -1) == 1 && got[0].data.u64 == event.data.u64);
    return unused;
}

static void *in_waitid(void *unused)
{
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED) == 0 && info.si_pid == child);
    return unused;
}

int main(void)
{
    void *(*functions[])(void *) = {in_recvmsg, in_readv, in_poll, in_epoll, in_waitid};
    pthread_t threads[COUNT(functions)];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pipe(pipes[i]) == 0);
    child = fork_flushed();
    if (child == 0) {
        sleep_ms(30);
        _exit(0);
    }
    for (size_t i = 0; i < COUNT(functions); i++)
        threads[i] = start(functions[i], NULL);
    sleep_ms(10);
    CHECK(write(sockets[1], "abcdef", 6) == 6 && write(pipes[0][1], "1234", 4) == 4);
    CHECK(write(pipes[1][1], "x", 1) == 1 && write(pipes[2][1], "x", 1) == 1);
    for (size_t i = 0; i < COUNT(functions); i++)
        join(threads[i]);
    printf("%d\n", (int)child);
    return 0;
}
