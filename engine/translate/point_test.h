/*
 * The test for a run's point (run.h), compiled: what translated code passes through on each visit
 * of the point's address, at a few nanoseconds.
 *
 *   test:    rax and the flags into words (lahf, seto: without a stack)
 *            flags, registers, words: each compared, differs: -> on
 *            all equal: flags and rax back, trap
 *   on:      flags and rax back, jmp block
 *
 * It looks at fewer flags than is_at_point() (not at those that arithmetic leaves alone): whoever
 * meets the trap asks that as well. A word that cannot be read faults here, and is not equal.
 */
#ifndef REEL_TRANSLATE_POINT_TEST_H
#define REEL_TRANSLATE_POINT_TEST_H

#include "engine/translate/translator_private.h"

/* Writes the test for this point, unless it is there already. It leads nowhere yet. */
struct error *point_test_write(struct translator *translator,
                               const struct run_point *point) MUST_CHECK;

/* Makes it lead on to the code at `to`. */
struct error *point_test_lead(struct translator *translator, uint32_t to) MUST_CHECK;

/* Whether the code address lies in the test: the program stands before the point's instruction, and
 * point_test_restore() gives it its rax and flags back, from anywhere there. */
bool point_test_has(const struct translator *translator, uint64_t code);
struct error *point_test_restore(struct translator *translator, uint64_t code) MUST_CHECK;

#endif
