/*
 * Conditions of a gate's breakpoints, compiled: what translated code passes through on each visit,
 * at a few nanoseconds.
 *
 *   holds:   flags and rax back; trap, or jmp note
 *   past:    flags and rax back; jmp on
 *   test:    rax and the flags into words (lahf, seto: without a stack)
 *            each condition: its operand into rax, compared: holds: -> holds
 *            jmp past
 *
 * Each gate has room for it at a fixed place. Where memory cannot be read, the test faults: whoever
 * meets the fault, or the trap, asks the conditions again (condition_holds()).
 */
#ifndef REEL_TRANSLATE_GATE_CONDITION_H
#define REEL_TRANSLATE_GATE_CONDITION_H

#include "engine/translate/translator_private.h"

/* Writes the test for the conditions of the run's breakpoints at the gate's address. It leads
 * nowhere yet. *ret: false if one of them has none, and the gate needs no test. */
struct error *gate_condition_write(struct translator *translator, const struct gate *gate,
                                   const struct run_conditions *conditions, bool *ret) MUST_CHECK;

/* Makes it lead to the code at `holds` (0: a trap), or `past`. *ret: where it begins. */
struct error *gate_condition_lead(struct translator *translator, const struct gate *gate,
                                  uint32_t holds, uint32_t past, uint32_t *ret) MUST_CHECK;

/* The gate in whose condition the code address lies; NULL: none. The program stands before the
 * gate's instruction, and gate_condition_restore() gives it its rax and flags back, from anywhere
 * there. */
const struct gate *gate_condition_at(const struct translator *translator, uint64_t code);
struct error *gate_condition_restore(struct translator *translator, uint64_t code) MUST_CHECK;

#endif
