/*
 * gdb as a child, in the foreground, connected to a server in this process.
 *
 *   gdb_server_listen → gdb_launch_start → gdb_server_serve (keep, end_fd) → gdb_launch_wait
 *
 * On a terminal gdb gets a process group of its own and the foreground, as a shell gives it to a
 * job: ^C goes to gdb alone, and a ^Z that stops gdb stops reel too, and both go on together. A
 * thread minds gdb and makes end_fd readable when it has ended, which ends the serving.
 */
#ifndef REEL_REPLAY_GDB_LAUNCH_H
#define REEL_REPLAY_GDB_LAUNCH_H

#include "engine/base/error.h"

struct gdb_launch;

struct gdb_launch_options {
    const char *gdb;              /* a path, or a name to find in $PATH; NULL: "gdb" */
    const char *host;             /* NULL: 127.0.0.1 */
    int port;                     /* of the server */
    const char *sysroot;          /* NULL: gdb's own, which reads files through the server */
    const char *command_file;     /* -x: read after connecting; or NULL */
    const char *const *arguments; /* further ones for gdb, NULL-terminated; or NULL */
};

/* reel itself ignores SIGINT from here to gdb_launch_wait(). */
struct error *gdb_launch_start(const struct gdb_launch_options *options,
                               struct gdb_launch **ret) MUST_CHECK;

/* Readable when gdb has ended. */
int gdb_launch_end_fd(const struct gdb_launch *launch);

/* Waits for gdb, frees `launch`, and returns gdb's exit status (128 + n for a signal). */
int gdb_launch_wait(struct gdb_launch *launch);

#endif
