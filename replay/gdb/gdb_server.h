/*
 * A gdb remote serial protocol server over a target: what gdb, Delve and lldb connect to.
 *
 * One client at a time. The program that a client sees is a recording: its memory and registers
 * cannot be written, it never ends (the ends of the recording are reported as such), and it runs
 * backwards.
 */
#ifndef REEL_REPLAY_GDB_SERVER_H
#define REEL_REPLAY_GDB_SERVER_H

#include "engine/base/error.h"
#include "replay/debug/target.h"
#include "trace-format/header.h"

struct gdb_server;

/* Listens at `host` (NULL: 127.0.0.1) and `port` (0: any that is free). */
struct error *gdb_server_listen(const char *host, int port, struct gdb_server **ret) MUST_CHECK;
void gdb_server_close(struct gdb_server *server);

int gdb_server_port(const struct gdb_server *server);

struct gdb_serve_options {
    /* Of the recording: which registers there are. NULL: general, x87 and SSE only. */
    const struct cpu_features *features;
    bool keep;  /* take one client after another, until `end_fd` is readable */
    int end_fd; /* serving ends when it becomes readable (gdb_launch_end_fd()); -1: none */
};

/*
 * Serves until the client detaches, kills or closes the connection; with `keep`, then the next one.
 * A later client finds the target where the last one left it, without breakpoints. An error is a
 * failure of the listening socket or of the target, never of a client.
 */
struct error *gdb_server_serve(struct gdb_server *server, struct target *target,
                               const struct gdb_serve_options *options) MUST_CHECK;

#endif
