/*
 * Children for the probes, to be used by nothing else: what runs in a child is a function whose
 * result is the child's exit status.
 */
#ifndef REEL_TRACEE_PROBE_CHILD_H
#define REEL_TRACEE_PROBE_CHILD_H

#include <sys/types.h>

#include "engine/base/types.h"

/* Runs `body` in a child to its end: its exit status, or -1 when it died of a signal or could not
 * be made (errno). */
int probe_in_child(int (*body)(void));

/*
 * A child that waits, traced (seized with `options` and PTRACE_O_EXITKILL), before it runs `body`.
 *
 *     start: fork, seize          the child sleeps in read()
 *     stop:  PTRACE_INTERRUPT     the child stands in a ptrace stop, where it can be examined
 *     go:    resumes it; its read() returns, and `body` runs
 */
struct probe_child {
    pid_t pid;
    int go; /* writing end of the pipe that it reads */
};

bool probe_child_start(int (*body)(void), long options, struct probe_child *ret);
bool probe_child_stop(const struct probe_child *child);
bool probe_child_go(const struct probe_child *child);

/* Lets the (running) child run until a stop whose status is `status` >> 8, as wait(2) gives it;
 * false when it ends before. */
bool probe_child_wait(const struct probe_child *child, int status);

void probe_child_end(struct probe_child *child);

#endif
