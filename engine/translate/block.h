/*
 * Blocks: the code of a path (path.h), translated.
 *
 * A block pays for the instructions that it executes: it takes their number from WORD_REMAINING,
 * which holds how many may still be executed, less BLOCK_SLACK, the most that a block has. So
 * whoever enters a block with the word not negative may execute all of it, and a payment that makes
 * the word negative traps. One payment for the whole path stands on it where flags need not be
 * kept; a side exit pays for what has been executed, or gets back what has been paid too much.
 *
 *   insn 0                     copied; operands relative to rip get another displacement, where
 * that insn 1                     reaches, or go through a register jcc side exit sub [REMAINING],
 * n         the payment, before an instruction that sets all flags, or followed js trap by one that
 * sets them as they were (insn_again), or without flags cmp … jcc side exit jmp next block or a
 * trap, until that is known side exit: sub [REMAINING], difference js trap cmp … again     to have
 * the flags back jmp next block trap:      cmp … again int3
 *
 * An indirect branch goes, with its target in rcx, where a table in the vessel says: to the entries
 * (emit_entry) of the blocks at addresses with the same low 16 bits, one after the other.
 *
 * Traps are int3; their addresses tell what they mean: each is an exit. At an instruction's first
 * byte all registers and flags are the program's; within its code, a saved register may be in a
 * word, and the flags may be others. Side exits execute nothing that can fault.
 *
 * A block of code that the program may rewrite (`checked`) has a straight path, and a check behind
 * it (code_check.h), which is its entry.
 *
 * A block that is cut to fit pays nothing, and all its exits are traps: the tracer counts.
 */
#ifndef REEL_TRANSLATE_BLOCK_H
#define REEL_TRANSLATE_BLOCK_H

#include "engine/translate/code_check.h"
#include "engine/translate/emit.h"
#include "engine/translate/path.h"
#include "engine/translate/watch_check.h"

#define BLOCK_SLACK PATH_INSNS_MAX
#define BLOCK_EXITS_MAX (3 * PATH_INSNS_MAX + 4)
#define BLOCK_PLACES_MAX (3 * PATH_INSNS_MAX + 4)

enum exit_kind {
    EXIT_DIRECT, /* goes on at `target` */
    EXIT_STOP,   /* `target` is a system call, or wants a single step; or nothing is left to pay */
    EXIT_INDIRECT, /* goes on where rcx says; the program's rcx is in WORD_RCX */
};

struct block_exit {
    enum exit_kind kind;
    int16_t unpaid;  /* instructions executed and not paid for; below zero: the reverse */
    uint32_t trap;   /* where it traps while it leads nowhere */
    uint32_t offset; /* EXIT_DIRECT: where the 32-bit offset of its jump stands */
    uint64_t target;
};

/* A place in the code where the program stands before an instruction; up to the next place it is
 * executing that. */
struct block_place {
    uint64_t address; /* the program's */
    uint32_t code;
    int16_t unpaid;               /* instructions executed and not paid for, as in an exit */
    uint8_t saved_in;             /* enum saved_register */
    uint8_t saved;                /* the register */
    uint8_t saved_from, saved_to; /* from `code`: where the program's value is in the word */
};

enum saved_register { SAVED_NOWHERE, SAVED_IN_WORD_BASE, SAVED_IN_WORD_RCX };

enum block_state {
    BLOCK_LIVE,
    BLOCK_DOOMED, /* what it was made of has changed: its door is to be shut before the next run */
    BLOCK_DEAD,   /* its door is shut, or leads to a later block of the same address */
};

struct block {
    uint64_t address;        /* the program's, */
    uint64_t lowest, behind; /* and the range that all its instructions lie in */
    uint32_t code, end;
    uint32_t entry; /* the check, or the code */
    uint32_t door;  /* where what leads to it leads (doors.h) */
    uint8_t state;  /* enum block_state */
    bool checked;
    struct code_check check;
    uint32_t packed; /* where its places and exits begin in the cache (block_pack.h) */
    uint16_t place_count, exit_count;
};

/* What block_emit() fills. */
struct block_parts {
    struct block block;
    struct block_place places[BLOCK_PLACES_MAX];
    struct block_exit exits[BLOCK_EXITS_MAX];
};

enum block_kind {
    BLOCK_PLAIN,
    BLOCK_CHECKED, /* the path is a straight one */
    BLOCK_CUT,     /* pays nothing, exits are traps */
};

/* A block has room for a jump at its entry. */
#define BLOCK_BYTES_MIN 5

/* Translates the path, of at least one instruction, into the emitter (which is at the block's
 * code), with checks for what `watches` says is watched. The door is the entry. false if it does
 * not fit, or has an instruction that cannot be checked. */
bool block_emit(const struct path *path, enum block_kind kind, struct watch_sites *watches,
                struct emitter *emitter, struct block_parts *ret);

#endif
