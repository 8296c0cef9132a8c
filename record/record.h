/*
 * Recording a program and everything that it starts.
 */
#ifndef REEL_RECORD_RECORD_H
#define REEL_RECORD_RECORD_H

#include "engine/base/error.h"
#include "engine/base/types.h"

struct record_options {
    const char *path;       /* of the executable, found in $PATH already */
    char *const *arguments; /* NULL-terminated; [0] is the program's name */
    char *const *environment;
    const char *directory; /* of the trace; does not exist yet, or is empty */
    const char *root;      /* whose `latest` is to point at the trace; NULL: none */
    const char *store;     /* absolute path of the content store */
    bool chaos;            /* chaos.h, */
    uint64_t chaos_seed;
    uint64_t timeout_seconds; /* the run is ended then; 0: never */
    bool find_deadlocks;      /* ... and when no task can ever go on */
    bool memory_checks;       /* hash all writable memory at each event */
    bool no_fast_path;        /* trace every system call */
    bool name_all_pages; /* asynchronous points: as on a kernel that cannot tell written pages */
};

enum record_end {
    RECORD_ENDED,   /* by itself */
    RECORD_TIMEOUT, /* by us */
    RECORD_DEADLOCK,
};

/* How a recording ended, and what it cost. */
struct record_statistics {
    enum record_end end;
    uint64_t stops;      /* of ptrace */
    uint64_t calls;      /* system calls, */
    uint64_t fast_calls; /* and those of them without a stop */
    uint64_t events;
    uint64_t points;             /* asynchronous ones, */
    uint64_t points_nanoseconds; /* and how long naming them took */
};

/*
 * Runs the program to the end of its last process and writes the trace. *status is the first
 * process's, as wait(2) gives it. An error before the program ran leaves no trace directory; one
 * after it (a full disk) comes when the program has ended, with `status` and `statistics` set.
 */
struct error *record_program(const struct record_options *options, int *status,
                             struct record_statistics *statistics) MUST_CHECK;

#endif
