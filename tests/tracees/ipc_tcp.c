/* TCP over loopback between threads: accept, connect, the ports of the kernel's choice. */
#include <arpa/inet.h>
#include <netinet/tcp.h>

#include "check.h"

static struct sockaddr_in address;

static void *client(void *index)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(dprintf(fd, "client %d\n", (int)(uintptr_t)index) == 9);
    char byte;
    CHECK(read(fd, &byte, 1) == 1 && byte == '!');
    close(fd);
    return NULL;
}

int main(void)
{
    int server = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    address = (struct sockaddr_in){AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {0}};
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(server, 5) == 0);
    socklen_t length = sizeof address;
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++)
        threads[i] = start(client, (void *)i);
    for (int i = 0; i < 3; i++) {
        struct sockaddr_in peer;
        length = sizeof peer;
        int fd = accept(server, (struct sockaddr *)&peer, &length);
        CHECK(fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
        char line[16] = "";
        CHECK(recv(fd, line, 9, MSG_WAITALL) == 9);
        CHECK(send(fd, "!", 1, 0) == 1);
        printf("port %d: %s", ntohs(peer.sin_port), line);
        close(fd);
    }
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    return 0;
}
