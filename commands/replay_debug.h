/*
 * `reel replay` under a debugger: the target, the server, and gdb in front of it.
 */
#ifndef REEL_COMMANDS_REPLAY_DEBUG_H
#define REEL_COMMANDS_REPLAY_DEBUG_H

#include "trace-format/reader.h"

struct debug_arguments {
    const char *process;                   /* -p; NULL: choose */
    const char *place;                     /* -g: go there first; NULL: the start */
    const char *host;                      /* -h; NULL: 127.0.0.1 */
    const char *port;                      /* -s: only serve; NULL: start gdb */
    bool keep;                             /* -k: serve one client after another */
    const char *debugger;                  /* NULL: gdb */
    const char *commands;                  /* -x */
    const char *const *debugger_arguments; /* NULL-terminated; or NULL */
};

/* *status: gdb's exit status, or 0. */
struct error *replay_debug(struct trace_reader *reader, const struct debug_arguments *arguments,
                           int *status) MUST_CHECK;

#endif
