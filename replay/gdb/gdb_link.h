/*
 * One client's connection: packets in, packets out, and the watch for ^C while the target runs.
 *
 * The protocol is half-duplex: a client waits for a reply before it sends the next packet. The one
 * exception is the byte 0x03 while the program runs. The target runs in the caller's thread
 * (ptrace belongs to one thread), so a second thread watches the socket meanwhile: it is started
 * before and joined after each run, and only in between does it own the input buffer.
 */
#ifndef REEL_REPLAY_GDB_LINK_H
#define REEL_REPLAY_GDB_LINK_H

#include "replay/debug/target.h"
#include "replay/gdb/gdb_packet.h"

struct gdb_link {
    int fd;
    int end_fd; /* readable: give up; -1: none */
    bool acks;  /* until QStartNoAckMode */
    bool closed;
    struct gdb_parser parser;
    struct buffer input; /* received, not yet parsed from `parsed` on */
    size_t parsed;
    struct buffer last; /* the last frame sent, for a client that asks again */
};

void gdb_link_init(struct gdb_link *link, int fd, int end_fd); /* takes the descriptor */
void gdb_link_deinit(struct gdb_link *link);

/* Waits for a packet (then in link->parser.payload), an interrupt, or the end of the connection. */
enum gdb_input gdb_link_next(struct gdb_link *link);

void gdb_link_send(struct gdb_link *link, const struct buffer *payload);

/* target_resume(), interrupted when the client sends 0x03 or goes away. */
struct error *gdb_link_resume(struct gdb_link *link, struct target *target,
                              const struct resume *resume, struct target_stop *ret) MUST_CHECK;

#endif
