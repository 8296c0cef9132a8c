/*
 * Whether a task is about to execute an instruction that has a breakpoint.
 */
#ifndef REEL_COUNT_AT_BREAKPOINT_H
#define REEL_COUNT_AT_BREAKPOINT_H

#include "engine/count/run.h"

/* One whose condition holds. */
struct error *is_at_breakpoint(struct tracee *tracee, const struct run_conditions *conditions,
                               bool *ret) MUST_CHECK;

/* One, whatever its condition. */
struct error *is_at_any_breakpoint(struct tracee *tracee, const struct run_conditions *conditions,
                                   bool *ret) MUST_CHECK;

#endif
