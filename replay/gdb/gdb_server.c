/* Listening, accepting, and the loop over one client's packets. See gdb_server.h. */
#include "replay/gdb/gdb_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

struct gdb_server {
    int fd;
    int port;
};

/* A listening socket at the address, or -1 with errno. */
static int listen_at(const struct addrinfo *address)
{
    int on = 1;
    CLEANUP(close_fd) int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, 1) < 0)
        return -1;
    return take_fd(&fd);
}

static struct error *open_socket(const char *host, int port, int *ret)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses;
    snprintf(service, sizeof(service), "%d", port);
    int failure = getaddrinfo(host, service, &hints, &addresses);
    if (failure)
        return error_new("give an address of this machine", "cannot listen at '%s': %s", host,
                         gai_strerror(failure));
    errno = EADDRNOTAVAIL;
    *ret = -1;
    for (const struct addrinfo *i = addresses; i && *ret < 0; i = i->ai_next)
        *ret = listen_at(i);
    int number = errno;
    freeaddrinfo(addresses);
    errno = number;
    if (*ret < 0)
        return error_errno("choose another port, or 0 for any", "cannot listen at %s:%d", host,
                           port);
    return NULL;
}

static int port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    getsockname(fd, (struct sockaddr *)&address, &size);
    /* sin_port and sin6_port are at the same place. */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

struct error *gdb_server_listen(const char *host, int port, struct gdb_server **ret)
{
    if (port < 0 || port > 65535)
        return error_new("give a number from 0 to 65535", "no such port: %d", port);
    struct gdb_server *server = calloc(1, sizeof(*server));
    if (!server)
        return &err_no_memory;
    struct error *error = open_socket(host ? host : "127.0.0.1", port, &server->fd);
    if (error) {
        free(server);
        return error;
    }
    server->port = port_of(server->fd);
    *ret = server;
    return NULL;
}

void gdb_server_close(struct gdb_server *server)
{
    if (!server)
        return;
    close(server->fd);
    free(server);
}

int gdb_server_port(const struct gdb_server *server)
{
    return server->port;
}

/* The next client's socket in *ret, or -1: end_fd is readable. */
static struct error *accept_client(struct gdb_server *server, int end_fd, int *ret)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = server->fd, .events = POLLIN},
                               {.fd = end_fd, .events = POLLIN}};
        *ret = -1;
        if (poll(fds, ARRAY_LENGTH(fds), -1) < 0 && errno != EINTR)
            return error_errno(NULL, "cannot wait for a debugger");
        if (fds[1].revents)
            return NULL;
        if (!fds[0].revents)
            continue;
        *ret = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        if (*ret >= 0)
            return NULL;
        if (errno != EINTR && errno != ECONNABORTED)
            return error_errno(NULL, "cannot accept a debugger");
    }
}

static void serve_packet(struct gdb_session *session)
{
    gdb_dispatch(session, &session->link.parser.payload);
    if (!session->silent)
        gdb_link_send(&session->link, &session->reply);
}

static void session_deinit(struct gdb_session *session)
{
    gdb_points_clear(session);
    gdb_files_deinit(session);
    gdb_checkpoints_deinit(session);
    buffer_deinit(&session->reply);
    gdb_link_deinit(&session->link);
}

static struct error *serve_client(int fd, struct target *target,
                                  const struct gdb_serve_options *options)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* else 40 ms an exchange */
    struct gdb_session session = {.target = target, .features = options->features};
    gdb_link_init(&session.link, fd, options->end_fd);
    gdb_files_init(&session);
    while (!session.over && !session.broken) {
        enum gdb_input input = gdb_link_next(&session.link);
        if (input == GDB_INPUT_CLOSED)
            break;
        if (input == GDB_INPUT_PACKET) /* a ^C while nothing runs is late: the stop was sent */
            serve_packet(&session);
    }
    struct error *error = session.broken;
    session_deinit(&session);
    return error;
}

struct error *gdb_server_serve(struct gdb_server *server, struct target *target,
                               const struct gdb_serve_options *options)
{
    do {
        int fd;
        struct error *error = accept_client(server, options->end_fd, &fd);
        if (!error && fd < 0)
            return NULL;
        if (!error)
            error = serve_client(fd, target, options);
        if (error)
            return error;
    } while (options->keep);
    return NULL;
}
