/* A client's connection. See gdb_link.h. */
#include "replay/gdb/gdb_link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "engine/base/cleanup.h"

/* What a client may have sent ahead of our reading: it is told to wait for replies, so more than
 * this is no debugger. */
#define INPUT_LIMIT (4 * GDB_PACKET_BYTES)

/* How often an interrupt is repeated. One that comes between the decision to run and the running
 * itself would be lost; the next one is not. */
#define INTERRUPT_AGAIN_MS 20

void gdb_link_init(struct gdb_link *link, int fd, int end_fd)
{
    *link = (struct gdb_link){.fd = fd, .end_fd = end_fd, .acks = true};
}

void gdb_link_deinit(struct gdb_link *link)
{
    gdb_parser_deinit(&link->parser);
    buffer_deinit(&link->input);
    buffer_deinit(&link->last);
    close(link->fd);
}

static void send_bytes(struct gdb_link *link, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0 && !link->closed) {
        ssize_t sent = send(link->fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) {
            link->closed = true;
            return;
        }
        at += sent;
        size -= (size_t)sent;
    }
}

void gdb_link_send(struct gdb_link *link, const struct buffer *payload)
{
    buffer_clear(&link->last);
    gdb_packet_frame(&link->last, payload->data, payload->size);
    if (link->last.failed)
        link->closed = true; /* no memory for the reply: nothing sensible is left to say */
    send_bytes(link, link->last.data, link->last.size);
}

/* Appends to the input what the socket holds. */
static void receive(struct gdb_link *link)
{
    uint8_t bytes[16384];
    ssize_t size = recv(link->fd, bytes, sizeof(bytes), 0);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (size > 0)
        buffer_put(&link->input, bytes, (size_t)size);
    if (size <= 0 || link->input.failed || link->input.size - link->parsed > INPUT_LIMIT)
        link->closed = true;
}

static void wait_and_receive(struct gdb_link *link)
{
    struct pollfd fds[] = {{.fd = link->fd, .events = POLLIN},
                           {.fd = link->end_fd, .events = POLLIN}};
    if (link->parsed == link->input.size) {
        buffer_clear(&link->input);
        link->parsed = 0;
    }
    if (poll(fds, ARRAY_LENGTH(fds), -1) < 0) {
        link->closed = errno != EINTR;
        return;
    }
    if (fds[0].revents)
        receive(link);
    else if (fds[1].revents)
        link->closed = true;
}

/* Parses what was received, up to the first thing that a caller wants to know. */
static enum gdb_input parse(struct gdb_link *link)
{
    enum gdb_input input = GDB_INPUT_NOTHING;
    while (input == GDB_INPUT_NOTHING && link->parsed < link->input.size)
        input = gdb_parser_feed(&link->parser, link->input.data[link->parsed++]);
    return input;
}

enum gdb_input gdb_link_next(struct gdb_link *link)
{
    while (!link->closed) {
        switch (parse(link)) {
        case GDB_INPUT_NOTHING:
            wait_and_receive(link);
            break;
        case GDB_INPUT_PACKET:
            if (link->acks)
                send_bytes(link, "+", 1);
            return GDB_INPUT_PACKET;
        case GDB_INPUT_BAD:
            if (link->acks)
                send_bytes(link, "-", 1);
            break;
        case GDB_INPUT_NAK:
            if (link->acks)
                send_bytes(link, link->last.data, link->last.size);
            break;
        case GDB_INPUT_INTERRUPT:
            return GDB_INPUT_INTERRUPT;
        case GDB_INPUT_ACK:
        case GDB_INPUT_CLOSED:
            break;
        }
    }
    return GDB_INPUT_CLOSED;
}

struct watcher {
    struct gdb_link *link;
    struct target *target;
    int done_fd; /* readable: the run is over */
};

/* Whether the client wants the run to end: ^C, or nobody is there any more. The 0x03 stays in the
 * input, where the server finds and ignores it after the stop. */
static bool wants_interrupt(const struct gdb_link *link)
{
    size_t size = link->input.size - link->parsed;
    return link->closed || (size && memchr(link->input.data + link->parsed, 0x03, size));
}

static void *watch(void *argument)
{
    struct watcher *watcher = argument;
    struct gdb_link *link = watcher->link;
    bool interrupt = wants_interrupt(link); /* it may have come right behind the packet */
    for (;;) {
        if (interrupt)
            target_interrupt(watcher->target);
        struct pollfd fds[] = {{.fd = watcher->done_fd, .events = POLLIN},
                               {.fd = interrupt ? -1 : link->fd, .events = POLLIN},
                               {.fd = interrupt ? -1 : link->end_fd, .events = POLLIN}};
        if (poll(fds, ARRAY_LENGTH(fds), interrupt ? INTERRUPT_AGAIN_MS : -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[0].revents)
            return NULL;
        if (fds[1].revents)
            receive(link);
        else if (fds[2].revents)
            link->closed = true;
        interrupt = interrupt || wants_interrupt(link);
    }
}

struct error *gdb_link_resume(struct gdb_link *link, struct target *target,
                              const struct resume *resume, struct target_stop *ret)
{
    CLEANUP(close_fd) int done = eventfd(0, EFD_CLOEXEC);
    if (done < 0)
        return error_errno("raise the limit of open files", "cannot watch the debugger for ^C");
    struct watcher watcher = {.link = link, .target = target, .done_fd = done};
    pthread_t thread;
    errno = pthread_create(&thread, NULL, watch, &watcher);
    if (errno)
        return error_errno(NULL, "cannot watch the debugger for ^C");
    struct error *error = target_resume(target, resume, ret);
    eventfd_write(done, 1);
    pthread_join(thread, NULL);
    return error;
}
