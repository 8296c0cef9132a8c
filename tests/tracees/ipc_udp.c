/* UDP over loopback: addresses written by recvfrom and recvmsg. */
#include <arpa/inet.h>

#include "check.h"

int main(void)
{
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}}, from;
    char buffer[16] = "";
    CHECK(bind(b, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(recv(b, buffer, 16, 0) == -1 && errno == EAGAIN);
    socklen_t length = sizeof address;
    CHECK(getsockname(b, (struct sockaddr *)&address, &length) == 0);
    CHECK(sendto(a, "datagram", 8, 0, (struct sockaddr *)&address, length) == 8);
    CHECK(fcntl(b, F_SETFL, 0) == 0);
    length = sizeof from;
    CHECK(recvfrom(b, buffer, 16, 0, (struct sockaddr *)&from, &length) == 8);
    CHECK(length == sizeof from && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(getpeername(b, (struct sockaddr *)&from, &length) == -1 && errno == ENOTCONN);
    printf("%d -> %d: %s\n", ntohs(from.sin_port), ntohs(address.sin_port), buffer);
    return 0;
}
