/*
 * Notes: runs that remember their last hit instead of ending at each.
 */
#ifndef REEL_COUNT_NOTE_H
#define REEL_COUNT_NOTE_H

#include "engine/count/run.h"

/* Makes `hit`, whose count began `base` instructions after that of `note`, the last hit if it is
 * later. Of two at the same instruction a watch is the later one. */
void note_hit(struct run_note *note, const struct run_note *hit, uint64_t base);

/* If the run notes hits and the task stands at a breakpoint: notes it at this count. */
struct error *note_breakpoint_here(struct tracee *tracee, const struct run_conditions *conditions,
                                   uint64_t count, struct run_note *note) MUST_CHECK;

#endif
