/*
 * Starting a program under trace.
 *
 * fork; the child waits until it is seized, then traps rdtsc (PR_SET_TSC), asks for no address
 * randomisation (and goes on where that is forbidden), installs the seccomp filter, and execs. All
 * its system calls from then on, the execve first, stop at the tracer.
 */
#ifndef REEL_TRACEE_SPAWN_H
#define REEL_TRACEE_SPAWN_H

#include "engine/tracee/tracee.h"

struct spawn {
    const char *path;       /* of the executable; no search */
    char *const *arguments; /* NULL-terminated */
    char *const *environment;
    const sigset_t
        *signal_mask; /* for the program; and these two are set to SIG_DFL unless ignored before */
    bool ignore_interrupt, ignore_quit; /* SIGINT, SIGQUIT were ignored when reel was started */
    bool trace_calls; /* install the seccomp filter and trap rdtsc; without, a vessel sets itself up
                       */
};

/*
 * The new task has been seized and is on its way to execve; its stops are the caller's to wait for.
 * *failure_pipe gets the reading end of a pipe that yields the errno (an int) if the child fails,
 * and its end if execve succeeds.
 */
struct error *spawn_tracee(const struct spawn *spawn, struct tracee **ret,
                           int *failure_pipe) MUST_CHECK;

#endif
