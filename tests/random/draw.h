/*
 * Drawing the code of a sequence.
 *
 * Plain instructions are random bytes that the decoder takes for one that fits: of an extension
 * that the processor has, not writing the registers that hold addresses, and with its operands in
 * the data, on the stack, or relative to rip. So every encoding is met, and no list of
 * instructions is needed. What needs a setting (branches, calls, string instructions, divisions,
 * faults) is drawn as a scene of several items.
 *
 * Left out, because two runs of the same processor differ in them: the time-stamp counter, random
 * numbers, cpuid, rdpid, xgetbv; whatever stores the address of the last x87 instruction (fnstenv,
 * fnsave, fxsave, xsave), which is the translation's; loading ss, which holds the trap of a single
 * step back; and what ptrace cannot write: the flags ID and NT, and odd bases of fs and gs.
 */
#ifndef REEL_TESTS_DRAW_H
#define REEL_TESTS_DRAW_H

#include "tests/random/sequence.h"

struct draw {
    struct chance *chance;
    struct sequence *sequence;
    uint16_t pointers; /* general registers that hold addresses of data, a bit each, and */
    int8_t index;      /* one that holds a small number. Plain instructions do not write them, */
    uint16_t kept;     /* nor these */
    bool gluing;       /* items are glued to those before */
    struct item spare;
};

/* A plain instruction, as the next item. */
void draw_plain(struct draw *draw);

/* Chooses `pointers` and `index`. */
void draw_registers(struct draw *draw);

/* The whole code. */
void draw_code(struct draw *draw);

/* The next item, of these bytes; returned to be given a reference. Lost if there is no room. */
struct item *draw_item(struct draw *draw, const uint8_t *bytes, size_t size);

/* Where the general registers are, in the order of their numbers. */
void draw_register_pointers(struct user_regs_struct *regs, unsigned long long *ret[16]);

/* How many different mnemonics have been drawn so far. */
size_t draw_mnemonics(void);

#endif
