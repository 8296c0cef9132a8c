/*
 * The hook in a vessel: calls that need no stop.
 *
 *   vessel_patch_window() for each call's site; vessel_fill_slot(); vessel_run_native();
 *   vessel_calls_taken()
 *
 * The hook compares each call with the slot's next entry, and does what the entry says. At the
 * first that is another, and behind the last, the task stops at the program's own syscall
 * instruction, as ever.
 */
#ifndef REEL_REPLAY_VESSEL_HOOK_H
#define REEL_REPLAY_VESSEL_HOOK_H

#include "engine/fastpath/hook_abi.h"
#include "replay/vessel_windows.h"

#define VESSEL_SLOT_ENTRIES sizeof(((struct hook_slot *)NULL)->entries) /* bytes */

/* Puts bytes of entries at that offset of the slot's. Those up to their end count when it is
 * armed. */
struct error *vessel_fill_slot(struct vessel *vessel, size_t offset, const uint8_t *entries,
                               size_t size) MUST_CHECK;

/* The first `size` bytes of entries are to be taken; 0: none. */
struct error *vessel_arm_slot(struct vessel *vessel, size_t size) MUST_CHECK;

/* How many bytes of entries were taken, as the vessel says. If that is not all, disarm it. */
struct error *vessel_calls_taken(struct vessel *vessel, uint32_t *ret) MUST_CHECK;

/* run_native(), with windows patched or not: where it ends, the task stands in the program's own
 * code. */
struct error *vessel_run_native(struct vessel *vessel, const struct run_conditions *conditions,
                                struct run_result *ret) MUST_CHECK;

#endif
