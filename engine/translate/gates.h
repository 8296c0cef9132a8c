/*
 * Gates: what translated code goes through on its way to a program address that runs ask about.
 *
 * An address with a breakpoint or a point gets a gate, a jump at a fixed place. No block goes over
 * the address, and whatever leads there leads to the gate, never to the block. Where the gate leads
 * is the present run's affair, so that a run with other conditions costs a few bytes written, and
 * no translation:
 *
 *   gate:  int3               the run stops there, or there is no block yet
 *          jmp block          this run does not care
 *          jmp test           this run looks for a point there (point_test.h), then the block
 *          jmp note           this run remembers its last visit: the instructions that remain go
 *                             into a word; then the block, or the test
 *          jmp condition      this run stops, or remembers its visit, where a condition holds
 *                             (gate_condition.h)
 */
#ifndef REEL_TRANSLATE_GATES_H
#define REEL_TRANSLATE_GATES_H

#include "engine/translate/translator_private.h"

/* Before a run, all blocks that are not `stale` being valid: gives its addresses gates; a new gate
 * makes the blocks stale. */
struct error *gates_add(struct translator *translator,
                        const struct run_conditions *conditions) MUST_CHECK;

/* The same run, after what was stale has been forgotten: makes the gates lead where it wants. */
struct error *gates_set(struct translator *translator,
                        const struct run_conditions *conditions) MUST_CHECK;

/* The gate of the address; NULL if it has none. */
const struct gate *gate_at(const struct translator *translator, uint64_t address);

/* The gate that a trap at the code address is. NULL: none. */
const struct gate *gate_of_code(const struct translator *translator, uint64_t code);

/* Where the gate stands in the vessel. */
uint32_t gate_code(const struct translator *translator, const struct gate *gate);

/* The block at the gate's address is new: makes the gate lead to it, as far as the run wants. */
struct error *gate_open(struct translator *translator, const struct block *block) MUST_CHECK;

/* The block at the address is void: shuts its gate. */
struct error *gate_close(struct translator *translator, uint64_t address) MUST_CHECK;

/* All blocks are gone: shuts all gates. */
struct error *gates_shut(struct translator *translator) MUST_CHECK;

#endif
