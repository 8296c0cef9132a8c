/*
 * Where the counting engine lives in a vessel: in the area that is scratch memory in tracees, so
 * that no recording maps anything there. All of it lies below 2 GB: code reaches the words by
 * absolute 32-bit addresses, whatever it does.
 *
 *   0x70010000  words: what translated code counts and saves
 *   0x70020000  gates (gates.h), and the test for a run's point (point_test.h)
 *   0x70100000  two tables of 65,536 entries, by the low 16 bits of a program address: its
 * negative, and where its 0x70180000    translation begins. An indirect branch looks its target up
 * there 0x70200000  code: the look-up routine, then blocks in the order of their translation
 */
#ifndef REEL_TRANSLATE_LAYOUT_H
#define REEL_TRANSLATE_LAYOUT_H

#include "engine/tracee/reel_page.h"

#define ENGINE_WORDS 0x70010000u
#define ENGINE_GATES 0x70020000u
#define ENGINE_POINT_ON 0x70024000u /* the end of the test: not equal, on to the block */
#define ENGINE_POINT_TEST 0x70024040u
#define ENGINE_POINT_CODE_END 0x70028000u
#define ENGINE_GATES_BYTES (ENGINE_POINT_CODE_END - ENGINE_GATES)
#define ENGINE_NEGATIVES 0x70100000u
#define ENGINE_TARGETS 0x70180000u
#define ENGINE_TABLE_BYTES 0x80000u
#define ENGINE_CODE 0x70200000u
#define ENGINE_CODE_BYTES (16u << 20)

/* Words of 8 bytes. */
#define WORD_REMAINING (ENGINE_WORDS + 0) /* instructions that may still be executed */
#define WORD_RCX (ENGINE_WORDS + 8)       /* the program's rcx, while the engine uses it */
#define WORD_RAX (ENGINE_WORDS + 16)
#define WORD_BASE (ENGINE_WORDS + 24)   /* the register that stands in for rip in an operand */
#define WORD_TARGET (ENGINE_WORDS + 32) /* of an indirect branch */
#define WORD_JUMP (ENGINE_WORDS + 40)
#define WORD_ASIDE_RAX (ENGINE_WORDS + 0x200) /* aside.h */
#define WORD_ASIDE_FLAGS (ENGINE_WORDS + 0x208)
#define ENGINE_POINT_VALUES (ENGINE_WORDS + 0x400) /* what the test for a point compares with */

_Static_assert(ENGINE_WORDS >= REEL_SCRATCH && ENGINE_CODE + ENGINE_CODE_BYTES <= REEL_AREA_END,
               "in our area");

#endif
