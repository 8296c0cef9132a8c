/*
 * Ticks: a running process is interrupted whenever it has used the processor for a while, so that
 * it can be looked at on its way.
 *
 *   timer on the process's clock ─> SIGALRM to this thread ─> PTRACE_INTERRUPT ─> STOP_TRAP
 *
 * A tick that comes while the process stands still stops it when it is resumed next. Whoever lets
 * it run must pass over stops that it does not want (all do: STOP_TRAP is nothing of the
 * program's). Ticks are for one process at a time, and use SIGALRM: its handler stays.
 */
#ifndef REEL_TRACEE_TICKS_H
#define REEL_TRACEE_TICKS_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "engine/base/types.h"

struct ticks {
    timer_t timer;
    bool running;
};

/* After every `nanoseconds` of processor time that `process`, traced by this thread, uses. Where
 * the kernel gives no timer there are none: nobody may depend on them. */
void ticks_start(pid_t process, uint64_t nanoseconds, struct ticks *ret);

/* From the thread that started them. Safe on zeroed ticks. */
void ticks_stop(struct ticks *ticks);

#endif
