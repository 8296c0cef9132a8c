/*
 * A translator's fields, for the files translator*.c only.
 */
#ifndef REEL_TRANSLATE_TRANSLATOR_PRIVATE_H
#define REEL_TRANSLATE_TRANSLATOR_PRIVATE_H

#include "engine/translate/block.h"
#include "engine/translate/translator.h"

#define BLOCKS_MAX 32768
#define HASH_SLOTS 65536 /* a power of two, at least twice as many */
#define INSNS_MAX (BLOCKS_MAX * 8)
#define GATES_MAX 1024

enum gate_use { GATE_STOPS, GATE_TESTS, GATE_LEADS_ON };

/* A program address that no block goes over, and that is led to through gates.h. More than the
 * run's own may be there. */
struct gate {
    uint64_t address;
    enum gate_use use; /* in this run */
    uint32_t leads_to; /* 0: it is a trap */
};

/* The point that the test in the vessel is for. */
struct point_test {
    struct user_regs_struct regs;
    struct run_word words[RUN_POINT_WORDS_MAX];
    size_t word_count;
    uint32_t trap; /* where it traps; 0: nothing is there yet */
    uint32_t leads_to;
};

struct code_range {
    uint64_t start, end;
    bool checked; /* the program may write to it, or to another mapping of the same memory */
};

struct translator {
    struct tracee *tracee;
    struct block *blocks; /* in the order of their code */
    uint32_t block_count;
    struct block_insn *insns;
    uint32_t insn_count;
    uint32_t flushes; /* of all blocks: what was known of them before is void */
    uint32_t *slots;  /* hash by program address: index of a block + 1, 0: empty */
    uint32_t code_end;
    uint32_t lookup, lookup_trap, first_code;
    struct code_range *ranges; /* that may be translated */
    size_t range_count;
    bool ranges_known;
    bool stale;      /* all blocks are to be forgotten before the next run, */
    bool any_doomed; /* or some: BLOCK_DOOMED */
    struct gate gates[GATES_MAX];
    size_t gate_count;
    struct point_test point_test;
};

/* The block at the program address, if it has been translated; else NULL. */
struct block *translator_known_block(struct translator *translator, uint64_t address);

/* The same, translated if need be; NULL if it is not to be translated. */
struct error *translator_block(struct translator *translator, uint64_t address,
                               struct block **ret) MUST_CHECK;

/* The block whose code holds the address; NULL: none. */
struct block *translator_block_of_code(struct translator *translator, uint64_t code);

/* The instruction of the block that the code address belongs to: its index, -1 for the count before
 * the first. */
int translator_insn_of_code(const struct translator *translator, const struct block *block,
                            uint64_t code);

/* Makes an exit, or the table for indirect branches, lead to the block. */
struct error *translator_link(struct translator *translator, const struct block_exit *exit,
                              const struct block *block) MUST_CHECK;
struct error *translator_publish(struct translator *translator,
                                 const struct block *block) MUST_CHECK;

/* Before a run: forgets what is stale, and takes the run's breakpoints and point into account. */
struct error *translator_prepare(struct translator *translator,
                                 const struct run_conditions *conditions) MUST_CHECK;

#endif
