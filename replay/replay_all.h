/*
 * `reel replay -a`: all streams of a trace, from their starts to their ends, their events in the
 * order of the recording.
 */
#ifndef REEL_REPLAY_REPLAY_ALL_H
#define REEL_REPLAY_REPLAY_ALL_H

#include <stdio.h>

#include "engine/base/error.h"
#include "replay/session.h"
#include "trace-format/reader.h"

struct replay_options {
    struct trace_reader *reader;
    bool check_memory;
    bool silent; /* do not print what the program printed */
    enum session_way way;
    FILE *counts; /* NULL, or gets a line "STREAM EVENT COUNT" for each stretch that was counted */
};

/* What a replay cost. */
struct replay_statistics {
    uint64_t stops;        /* of ptrace */
    uint64_t calls;        /* system calls, */
    uint64_t calls_passed; /* and how many of them did without a stop */
    uint64_t events;
    struct point_statistics points;
};

/*
 * Replays and compares everything, printing the program's output to stdout and stderr.
 * &err_diverged: a report was printed to stderr. *status: the first process's, as wait(2) gives it;
 * 0 if the recording ends before it.
 */
struct error *replay_all(const struct replay_options *options, int *status,
                         struct replay_statistics *statistics) MUST_CHECK;

#endif
