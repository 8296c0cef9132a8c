/* A UNIX stream socket with a name: bind, listen, accept, connect, from another process. */
#include <sys/socket.h>
#include <sys/un.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    struct sockaddr_un address = {AF_UNIX, "socket"}, peer;
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(server, 5) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(dprintf(client, "client %d", (int)getpid()) > 0);
        _exit(0);
    }
    socklen_t length = sizeof peer;
    int connection = accept4(server, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
    CHECK(connection >= 0 && length == sizeof(sa_family_t)); /* the client has no name */
    char buffer[32] = "";
    CHECK(read(connection, buffer, 31) > 0 && atoi(buffer + 7) == child);
    length = sizeof peer;
    CHECK(getsockname(connection, (struct sockaddr *)&peer, &length) == 0);
    CHECK(strcmp(peer.sun_path, "socket") == 0);
    check_child_ok(child);
    puts(buffer);
    return 0;
}
