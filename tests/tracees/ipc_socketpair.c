/* socketpair with send and recv, their flags, shutdown, and the options of a socket. */
#include <sys/socket.h>

#include "check.h"

int main(void)
{
    int pair[2];
    char buffer[16] = "";
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(send(pair[0], "abcdef", 6, 0) == 6);
    CHECK(recv(pair[1], buffer, 4, MSG_PEEK) == 4 && strcmp(buffer, "abcd") == 0);
    CHECK(recv(pair[1], buffer, 6, MSG_WAITALL) == 6 && strcmp(buffer, "abcdef") == 0);
    CHECK(recv(pair[1], buffer, 6, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    int type = 0, value = 100000;
    socklen_t length = sizeof type;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &type, &length) == 0);
    CHECK(type == SOCK_STREAM && length == sizeof type);
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value) == 0);
    struct timeval wait = {0, 10000};
    CHECK(setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    CHECK(recv(pair[1], buffer, 6, 0) == -1 && errno == EAGAIN);
    struct ucred peer;
    length = sizeof peer;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0);
    CHECK(peer.pid == getpid() && peer.uid == getuid());
    CHECK(shutdown(pair[0], SHUT_WR) == 0 && recv(pair[1], buffer, 6, 0) == 0);
    CHECK(send(pair[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    printf("%d\n", (int)peer.pid);
    return 0;
}
