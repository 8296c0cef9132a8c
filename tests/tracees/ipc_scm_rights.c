/* A descriptor sent over a socket: the control message is written by the kernel. */
#include <sys/socket.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int pair[2], file = scratch_file("file", "content", 7);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    char byte = 'b';
    struct iovec vector = {&byte, 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int)) + 64];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    *(int *)(void *)CMSG_DATA(&control.header) = file;
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(sizeof(int))};
    CHECK(sendmsg(pair[0], &message, 0) == 1);
    memset(&control, 0, sizeof control);
    message.msg_controllen = sizeof control;
    CHECK(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == 1);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    CHECK(header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)));
    int received = *(int *)(void *)CMSG_DATA(header);
    char buffer[8] = "";
    CHECK(received != file && pread(received, buffer, 7, 0) == 7);
    CHECK(strcmp(buffer, "content") == 0 && fcntl(received, F_GETFD) == FD_CLOEXEC);
    printf("%d as %d\n", file, received);
    return 0;
}
