/*
 * A run's watches in translated code (watch_check.h), as the tracer sees them.
 *
 * Debug registers are cheaper, where a run's watches fit them and it stops at the first hit. Checks
 * are compiled in where they do not fit; and for notes, so that hits are no stops. Both see the
 * same hits, except that of watches for reads alone the debug registers tell hits that changed
 * nothing: notes of those are taken by stops, unless the watches do not fit anyhow.
 */
#ifndef REEL_TRANSLATE_WATCHES_H
#define REEL_TRANSLATE_WATCHES_H

#include "engine/translate/translator_private.h"

/* Whether the run's watches are checked by code. */
bool watches_in_code(const struct run_conditions *conditions);

/* Before a run: makes blocks stale that lack its checks, or have checks that it does not need. */
void watches_choose(struct translator *translator, const struct run_conditions *conditions);

/* The same run, its blocks being valid: puts its watches into the vessel, if they are not there. */
struct error *watches_set(struct translator *translator,
                          const struct run_conditions *conditions) MUST_CHECK;

/* Steps one instruction, whose accesses are looked at before. *hit: whether it touched the bytes of
 * watch ret->watch. ret is as run_counted()'s without breakpoints, point and notes. */
struct error *watches_step(struct tracee *tracee, const struct run_conditions *conditions,
                           struct run_result *ret, bool *hit) MUST_CHECK;

#endif
