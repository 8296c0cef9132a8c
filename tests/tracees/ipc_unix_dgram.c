/* Datagrams: borders are kept, the rest of a cut one is lost, the sender is named; sendmmsg and
 * recvmmsg. */
#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    struct sockaddr_un one = {AF_UNIX, "one"}, two = {AF_UNIX, "two"}, from;
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(bind(a, (struct sockaddr *)&one, sizeof one) == 0);
    CHECK(bind(b, (struct sockaddr *)&two, sizeof two) == 0);
    CHECK(sendto(a, "first", 5, 0, (struct sockaddr *)&two, sizeof two) == 5);
    CHECK(sendto(a, "second", 6, 0, (struct sockaddr *)&two, sizeof two) == 6);
    char buffer[16] = "";
    socklen_t length = sizeof from;
    CHECK(recvfrom(b, buffer, 3, MSG_TRUNC, (struct sockaddr *)&from, &length) == 5);
    CHECK(strcmp(buffer, "fir") == 0 && strcmp(from.sun_path, "one") == 0);
    CHECK(recv(b, buffer, 16, 0) == 6);

    CHECK(connect(a, (struct sockaddr *)&two, sizeof two) == 0);
    struct iovec parts[] = {{"x", 1}, {"yy", 2}, {"zzz", 3}};
    struct mmsghdr out[] = {{{.msg_iov = parts, .msg_iovlen = 1}, 0},
                            {{.msg_iov = parts + 1, .msg_iovlen = 2}, 0}};
    CHECK(sendmmsg(a, out, 2, 0) == 2 && out[0].msg_len == 1 && out[1].msg_len == 5);
    char texts[3][8] = {"", "", ""};
    struct iovec places[] = {{texts[0], 8}, {texts[1], 8}, {texts[2], 8}};
    struct mmsghdr in[] = {{{.msg_iov = places, .msg_iovlen = 1}, 0},
                           {{.msg_iov = places + 1, .msg_iovlen = 1}, 0},
                           {{.msg_iov = places + 2, .msg_iovlen = 1}, 0}};
    CHECK(recvmmsg(b, in, 3, MSG_WAITFORONE, NULL) == 2);
    CHECK(in[1].msg_len == 5 && strcmp(texts[1], "yyzzz") == 0 && texts[2][0] == 0);
    printf("%d %s\n", (int)getpid(), texts[1]);
    return 0;
}
