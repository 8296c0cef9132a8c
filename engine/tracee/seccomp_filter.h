/*
 * The filter under which tracees run: every system call stops at the tracer, but those made from
 * the untraced `syscall` of the reel page (seccomp(2)). Calls of another architecture (int 0x80)
 * stop as well.
 */
#ifndef REEL_TRACEE_SECCOMP_FILTER_H
#define REEL_TRACEE_SECCOMP_FILTER_H

#include "engine/base/types.h"

/* Installs it in the calling task. false with errno set. Async-signal-safe (called between fork and
 * exec). */
bool seccomp_filter_trace_calls(void);

#endif
