/*
 * Blocks: straight pieces of the program's code, translated.
 *
 *   count:   remaining -= N; below zero: trap (the limit)         nothing for a block of no
 * instructions insn 0 … insn N-1                                             copied; operands
 * relative to rip go through a register exit:    jmp to the next block, or a trap until that is
 * known; indirect branches go to the look-up routine
 *
 * A block of code that the program may rewrite (`checked`) has a check behind it (code_check.h),
 * which is its entry, and ends behind its first write to memory.
 *
 * Traps are int3; their addresses tell what they mean. Between two program instructions all
 * registers and flags are the program's; within the code of one, a saved register may be in a word
 * (struct block_insn says where).
 */
#ifndef REEL_TRANSLATE_BLOCK_H
#define REEL_TRANSLATE_BLOCK_H

#include "engine/translate/code_check.h"
#include "engine/translate/emit.h"
#include "engine/translate/insn.h"

#define BLOCK_INSNS_MAX 64

enum exit_kind {
    EXIT_DIRECT, /* goes on at `target` */
    EXIT_STOP,   /* `target` is a system call, or wants a single step */
};

struct block_exit {
    enum exit_kind kind;
    uint32_t trap; /* where it traps while it leads nowhere */
    uint32_t
        offset; /* where the 32-bit offset of its jump stands, to be pointed at another block */
    uint64_t target;
};

enum saved_register { SAVED_NONE, SAVED_BASE, SAVED_RCX };

/* The code of one program instruction: [code, next one's code). */
struct block_insn {
    uint32_t code;
    uint32_t saved_from,
        saved_to;  /* a fault or stop here finds a register of the program in a word: */
    uint8_t saved; /* enum saved_register: `base` in WORD_BASE, or rcx in WORD_RCX */
    uint8_t base;
    uint16_t offset; /* of the program's instruction, from the block's address */
};

enum block_state {
    BLOCK_LIVE,
    BLOCK_DOOMED, /* what it was made of has changed: its door is to be shut before the next run */
    BLOCK_DEAD,   /* its door is shut, or leads to a later block of the same address */
};

struct block {
    uint64_t address; /* the program's */
    uint32_t code, end;
    uint32_t entry; /* the check, or the code */
    uint32_t door;  /* where what leads to it leads (doors.h) */
    uint8_t state;  /* enum block_state */
    bool checked;
    uint16_t source_bytes; /* of the program's code, from the address */
    struct code_check check;
    uint32_t count;      /* instructions */
    uint32_t limit_trap; /* 0: none */
    uint32_t first_insn; /* index of its block_insns */
    struct block_exit exits[2];
    uint8_t exit_count;
};

/* Where a block must end: before a program address that is a breakpoint, or not to be translated.
 */
struct block_limits {
    bool (*ends_before)(const void *context, uint64_t address);
    const void *context;
    uint32_t lookup; /* the look-up routine */
    bool checked;    /* the code may be rewritten (code_check.h) */
};

/*
 * Translates the code at `address`, of which `bytes` holds `size` bytes, into the emitter (which is
 * at the block's code). `insns` has room for BLOCK_INSNS_MAX. false if it does not fit.
 */
bool block_translate(uint64_t address, const uint8_t *bytes, size_t size,
                     const struct block_limits *limits, struct emitter *emitter, struct block *ret,
                     struct block_insn *insns);

#endif
