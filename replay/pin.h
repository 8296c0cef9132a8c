/*
 * A replay stays on one processor: a stop costs a seventh when tracer and tracee share it, and
 * rdpid tells its number.
 */
#ifndef REEL_REPLAY_PIN_H
#define REEL_REPLAY_PIN_H

#include "trace-format/header.h"

/* Pins the calling process, and so the vessels that it starts, to the processor that the recording
 * was made on, or another where there is none of that number; and
 * gives up rdtsc with them (tsc_trap.h). */
void replay_pin(const struct trace_header *header);

/* Undoes it, for other programs: async-signal-safe. */
void replay_unpin(void);

#endif
