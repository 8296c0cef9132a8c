/*
 * One instruction, by PTRACE_SYSEMU_SINGLESTEP, as if no trap flag had ever been set.
 */
#ifndef REEL_COUNT_STEP_H
#define REEL_COUNT_STEP_H

#include "engine/count/run.h"

enum step_end {
    STEPPED,          /* one instruction was executed, all of it */
    STEP_AT_CALL,     /* the next instruction is `syscall`: nothing was executed */
    STEP_MET_SIGNAL,  /* the instruction faults or traps */
    STEP_INTERRUPTED, /* nothing was executed */
};

struct error *step_instruction(struct tracee *tracee, enum step_end *ret, int *signal) MUST_CHECK;

/*
 * Whether the task, stopped by a hit of `watch`, stands within a string instruction that is to go
 * on: it is at one with a rep prefix, whose last iteration touched the watched bytes. (A different
 * instruction that wrote just those bytes right before such a string instruction is taken for it:
 * the two cannot be told apart by state.)
 */
struct error *step_is_within_rep(struct tracee *tracee, const struct watch *watch,
                                 bool *ret) MUST_CHECK;

/* Whether the task stands at an instruction that it may have done part of, and not the rest: a
 * string instruction with a rep prefix, or a gather. */
struct error *step_may_be_within(struct tracee *tracee, bool *ret) MUST_CHECK;

/* A stop of a task under PTRACE_SYSEMU that is neither the program's doing nor an end of the task.
 */
enum outside { NOT_OUTSIDE, OUTSIDE_IGNORED, OUTSIDE_INTERRUPT };
enum outside stop_from_outside(struct tracee *tracee, struct stop stop);

/* int 0x80 from 64-bit code: the recorder's filter answered it with ENOSYS, without an event.
 * Whether the emulated call that the task stands
 * behind is one; if so, it is answered. One at `next_call` is none (0: look). */
struct error *answer_int80(struct tracee *tracee, taddr next_call, bool *ret) MUST_CHECK;

/* "The process that carries the replay is gone". */
struct error *replayed_task_gone(void) MUST_CHECK;

#endif
