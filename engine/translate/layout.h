/*
 * Where the counting engine lives in a vessel: in the area that is scratch memory in tracees, so
 * that no recording maps anything there. All of it lies below 2 GB: code reaches the words by
 * absolute 32-bit addresses, whatever it does, and has what programs that are not
 * position-independent refer to within reach.
 *
 *   0x70010000  words: what translated code counts and saves
 *   0x70020000  gates and their notes (gates.h), and the test for a run's point (point_test.h)
 *   0x70040000  filters, list and routine of watches (watch_check.h)
 *   0x70070000  conditions of breakpoints (gate_condition.h)
 *   0x70100000  where to go for the program addresses with the same low 16 bits, 65,536 words:
 *               the first of their entries (emit_entry), or the trap for unknown addresses
 *   0x70180000  code of a block that is cut to fit
 *   0x70200000  code: the trap for unknown addresses, then blocks and entries as they came
 */
#ifndef REEL_TRANSLATE_LAYOUT_H
#define REEL_TRANSLATE_LAYOUT_H

#include "engine/tracee/reel_page.h"

#define ENGINE_WORDS 0x70010000u
#define ENGINE_WORDS_END (ENGINE_WORDS + 0x1000)
#define ENGINE_GATES 0x70020000u
#define ENGINE_POINT_ON 0x70024000u /* the end of the test: not equal, on to the block */
#define ENGINE_POINT_TEST 0x70024040u
#define ENGINE_POINT_CODE_END 0x70028000u
#define ENGINE_NOTES 0x70030000u
#define ENGINE_WATCH_NARROW 0x70040000u
#define ENGINE_WATCH_WIDE 0x70050000u
#define ENGINE_WATCH_LIST 0x70060000u
#define ENGINE_WATCH_ENTRY 24u
#define ENGINE_WATCH_ROUTINE 0x70068000u
#define ENGINE_CONDITIONS 0x70070000u
#define ENGINE_CONDITIONS_BYTES 0x80000u
#define ENGINE_GATES_BYTES 0xd0000u /* all from the gates to here */
#define ENGINE_TARGETS 0x70100000u
#define ENGINE_TARGETS_BYTES 0x80000u
#define ENGINE_CUT 0x70180000u
#define ENGINE_CUT_BYTES 0x10000u
#define ENGINE_CODE 0x70200000u
#define ENGINE_CODE_BYTES (112u << 20)

/* Words of 8 bytes. */
/* Instructions that may still be executed, less BLOCK_SLACK. */
#define WORD_REMAINING (ENGINE_WORDS + 0)
#define WORD_RCX (ENGINE_WORDS + 8) /* the program's rcx, while the engine uses it */
#define WORD_R11 (ENGINE_WORDS + 16)
#define WORD_BASE (ENGINE_WORDS + 24) /* the register that stands in for rip in an operand */
#define WORD_SITE (ENGINE_WORDS + 32) /* code of the indirect branch that was executed last */
#define WORD_PUSHED                                                                                \
    (ENGINE_WORDS + 40)                  /* what was where it pushed its return address, if a call \
                                          */
#define WORD_NOTE (ENGINE_WORDS + 0x100) /* notes.h */
#define WORD_NOTE_WHICH (ENGINE_WORDS + 0x108)
#define WORD_NOTE_BEFORE (ENGINE_WORDS + 0x110)
#define WORD_NOTE_WHICH_BEFORE (ENGINE_WORDS + 0x118)
#define WORD_WATCH_RAX (ENGINE_WORDS + 0x140) /* watch_check.h */
#define WORD_WATCH_RCX (ENGINE_WORDS + 0x148)
#define WORD_WATCH_RDX (ENGINE_WORDS + 0x150)
#define WORD_WATCH_RSP (ENGINE_WORDS + 0x158)
#define WORD_WATCH_FLAGS (ENGINE_WORDS + 0x160)
#define WORD_WATCH_STOPS (ENGINE_WORDS + 0x168) /* whether hits trap */
#define WORD_ACCESS_START (ENGINE_WORDS + 0x180)
#define WORD_ACCESS_END (ENGINE_WORDS + 0x188)
#define WORD_ACCESS_KIND (ENGINE_WORDS + 0x190)
#define WORD_ACCESS_UNEXECUTED (ENGINE_WORDS + 0x198)
#define WORD_ACCESS_BACK (ENGINE_WORDS + 0x1a0)
#define WORD_ASIDE_RCX (ENGINE_WORDS + 0x1f8)
#define WORD_ASIDE_RAX (ENGINE_WORDS + 0x200) /* aside.h */
#define WORD_ASIDE_FLAGS (ENGINE_WORDS + 0x208)
#define ENGINE_POINT_VALUES (ENGINE_WORDS + 0x400) /* what the test for a point compares with */
#define ENGINE_POINT_VECTORS                                                                       \
    (ENGINE_WORDS + 0xc00) /* where it puts the vector registers: 512 bytes */

_Static_assert(WORD_RCX == WORD_REMAINING + 8, "read together");
_Static_assert(ENGINE_WORDS >= REEL_SCRATCH && ENGINE_CODE + ENGINE_CODE_BYTES <= REEL_AREA_END,
               "in our area");

#endif
