/*
 * Whether a task stands at a point (run.h): where a run's compiled test is not at hand.
 */
#ifndef REEL_COUNT_AT_POINT_H
#define REEL_COUNT_AT_POINT_H

#include "engine/count/run.h"

/* `point` may be NULL: false. */
struct error *is_at_point(struct tracee *tracee, const struct run_point *point,
                          bool *ret) MUST_CHECK;

#endif
