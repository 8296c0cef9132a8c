/*
 * Spots: places in the program's code where a task is made to stop, by the processor's breakpoint
 * registers.
 *
 * A window in which a bug can happen is a few instructions long. By time it would be hit once in a
 * million tries; by place, among the instructions of the program, once in some hundreds. So spots
 * are chosen by address, whether the code there runs often or once: near the code that the task is
 * about to return to, or anywhere in the program. An address within an instruction does no harm: it
 * is never reached.
 */
#ifndef REEL_RECORD_SPOTS_H
#define REEL_RECORD_SPOTS_H

#include "record/recorder.h"

/* Sets spots for the task, which is stopped. Not for one that does something of its own with
 * SIGTRAP. */
struct error *set_spots(struct recorder *recorder, struct task *task) MUST_CHECK;
/* Sets them to the next few instructions behind the place where it stands. */
struct error *set_spots_behind(struct task *task) MUST_CHECK;
/* The one where the task stands is no more; the others stay. */
struct error *drop_spot(struct task *task) MUST_CHECK;
struct error *clear_spots(struct task *task) MUST_CHECK;

/* Whether the signal at whose delivery the task stops is that of a spot. */
bool is_spot_trap(const struct task *task, const siginfo_t *info);

#endif
