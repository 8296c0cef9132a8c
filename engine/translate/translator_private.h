/*
 * A translator's fields, for the files translator*.c only.
 */
#ifndef REEL_TRANSLATE_TRANSLATOR_PRIVATE_H
#define REEL_TRANSLATE_TRANSLATOR_PRIVATE_H

#include "engine/translate/cache.h"
#include "engine/translate/code_pages.h"
#include "engine/translate/translator.h"

#define GATES_MAX 1024

enum gate_use { GATE_STOPS, GATE_LEADS_ON };

/* A program address that no block goes over, and that is led to through gates.h. More than the
 * run's own may be there. */
struct gate {
    uint64_t address;
    enum gate_use use; /* in this run */
    bool tests, notes; /* what it leads through */
    bool conditional;  /* it stops, or notes, where a condition holds: gate_condition.h */
    uint32_t notes_to; /* where its note leads */
    uint32_t leads_to; /* 0: it is a trap */
};

/* The point that the test in the vessel is for. */
struct point_test {
    struct user_regs_struct regs;
    struct run_word words[RUN_POINT_WORDS_MAX];
    size_t word_count;
    bool has_vectors;
    uint8_t vectors[RUN_POINT_VECTOR_BYTES];
    uint32_t trap; /* where it traps; 0: nothing is there yet */
    uint32_t leads_to;
};

/* Watches in the vessel (watches.h). */
struct watches {
    struct watch watch[WATCHES_MAX];
    size_t count;
    bool stops;
    uint32_t trap; /* of the routine; 0: it is not there yet */
    struct watch_sites sites;
};

struct code_range {
    uint64_t start, end;
    bool checked; /* the program may write to it, or to another mapping of the same memory */
};

/* What is needed while something is translated. */
struct translation {
    struct emitter emitter;
    struct path path;
    struct block_parts parts;
};

struct translator {
    struct tracee *tracee;
    struct cache_view cache;
    uint32_t code_end;
    uint32_t flushes; /* of the cache: what was known of blocks before is void */
    struct translation *translation;
    struct block_parts *cut;   /* the block at ENGINE_CUT */
    struct block_parts *found; /* the one that was looked for last */
    struct code_pages *pages;
    struct insn_memo *memo;
    struct code_range *ranges; /* that may be translated */
    size_t range_count, last_range;
    bool ranges_known;
    bool stale;      /* all blocks are to be forgotten before the next run, */
    bool any_doomed; /* or some: BLOCK_DOOMED */
    struct gate gates[GATES_MAX];
    size_t gate_count;
    struct point_test point_test;
    struct watches watches;
};

/* The live block at the program address, if it has been translated; else NULL. It lives until the
 * cache is changed. */
const struct block *translator_known_block(const struct translator *translator, uint64_t address);

/* The same, translated if need be; NULL if it is not to be translated. */
struct error *translator_block(struct translator *translator, uint64_t address,
                               const struct block **ret) MUST_CHECK;

/* A block of at most `limit` instructions, which pays nothing: translator->cut. *ret: its number of
 * instructions; 0: there is nothing to be translated. */
struct error *translator_cut(struct translator *translator, uint64_t address, uint64_t limit,
                             uint32_t *ret) MUST_CHECK;

/* A block's code, with its places and exits, until the next is looked for or translated; .block is
 * NULL where there is none. */
struct code_of_block {
    const struct block *block;
    const struct block_place *places;
    const struct block_exit *exits;
};
struct code_of_block translator_find_code(const struct translator *translator, uint64_t code);

/* The last place of the block that is not behind the code address; NULL if there is none. */
const struct block_place *code_place(const struct code_of_block *of, uint64_t code);

/* The exit that traps at the code address, or NULL. */
const struct block_exit *code_exit(const struct code_of_block *of, uint64_t code);

/* Where an indirect branch to an unknown address traps: an EXIT_INDIRECT that is in no block. */
uint32_t translator_unknown_trap(void);

/* Before a run: forgets what is stale, and takes the run's breakpoints and point into account. */
struct error *translator_prepare(struct translator *translator,
                                 const struct run_conditions *conditions) MUST_CHECK;

/* --- translator_ranges.c --------------------------------------------------------------------- */

struct error *translator_read_ranges(struct translator *translator) MUST_CHECK;
const struct code_range *translator_range_at(struct translator *translator, uint64_t address);

#endif
