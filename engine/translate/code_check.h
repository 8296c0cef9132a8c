/*
 * Checked code: blocks of code that the program itself may rewrite, on pages that it may write to
 * or that another mapping shows as well.
 *
 * Each time such a block is entered it compares the program's bytes with those that it was made of,
 * and it ends behind the first instruction that writes to memory: whatever the program does to its
 * code, by whatever mapping, is seen before the next instruction. Write-protecting the pages would
 * be cheaper where code is left alone, but would have to be undone for native runs, hidden from the
 * program's own faults, mappings and copies, and cannot see writes through another mapping.
 *
 *   bytes:  what the block was made of
 *   other:  rax, flags back; trap
 *   check:  rax, flags aside; 8 bytes at a time: mov rax, [code]; cmp rax, [bytes]; jne other
 *           rax, flags back; jmp block
 */
#ifndef REEL_TRANSLATE_CODE_CHECK_H
#define REEL_TRANSLATE_CODE_CHECK_H

#include "engine/translate/emit.h"

struct code_check {
    uint32_t start; /* where what leads to the block leads */
    uint32_t other; /* ... which goes here if the bytes have changed, */
    uint32_t trap;  /* and traps here */
};

/* Emits the check of `size` bytes of code at `address`, which goes on at `block`. */
void emit_code_check(struct emitter *emitter, uint64_t address, const uint8_t *bytes, size_t size,
                     uint32_t block, struct code_check *ret);

#endif
