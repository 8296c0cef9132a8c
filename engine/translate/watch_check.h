/*
 * Watches compiled in: before each instruction that touches memory in a way that is watched, code
 * that tells whether it touches watched bytes.
 *
 *   rcx aside; lea rcx, [operand]
 *   rcx: a byte of the filter, by a hash of the address: 0 for nearly all; flags are not touched
 *   jrcxz on; jmp slow
 *   on: rcx back; the instruction
 *
 *   slow:    rax, flags aside; the access into words; jmp routine        (behind the block)
 *   routine: compares with the list of watches, exactly; a hit is noted: what remains to be
 *            executed, and which watch; then back to `on`, or a trap
 *
 * The filter, the list and the routine are in the vessel once, and hold the run's watches. There is
 * one filter for accesses of up to 8 bytes and one for wider ones, whose bits are spread farther.
 * String instructions with a rep prefix go to the routine each time, with their whole range.
 */
#ifndef REEL_TRANSLATE_WATCH_CHECK_H
#define REEL_TRANSLATE_WATCH_CHECK_H

#include "engine/count/run.h"
#include "engine/translate/emit.h"
#include "engine/translate/insn_accesses.h"

/* A check whose slow part is to be emitted behind the block. */
struct watch_site {
    struct insn_access access;
    size_t jump;        /* where in the emitter the offset of the jump to it stands */
    uint32_t back;      /* where it goes on */
    int32_t unexecuted; /* at its instruction, with WORD_REMAINING: what remains to be executed */
};

#define WATCH_SITES_MAX 192

/* While a block is translated. */
struct watch_sites {
    unsigned watched; /* kinds of accesses that are: enum watch_access; 0: none */
    uint32_t count;
    struct watch_site site[WATCH_SITES_MAX];
};

/* Emits the checks of the instruction at `address`, before which WORD_REMAINING and `unexecuted`
 * make what remains to be executed. false: where it touches memory cannot be told, and it is to be
 * stepped. */
bool emit_watch_checks(struct emitter *emitter, const uint8_t *bytes, size_t size, uint64_t address,
                       int32_t unexecuted, struct watch_sites *sites);

/* Whether that would be true. */
bool watch_can_check(const uint8_t *bytes, size_t size, uint64_t address, unsigned watched);

/* Emits the slow parts of all checks. */
void emit_watch_sites(struct emitter *emitter, const struct watch_sites *sites);

/* Emits the routine, which is at ENGINE_WATCH_ROUTINE. Returns where it traps. */
uint32_t emit_watch_routine(struct emitter *emitter);

/* --- In the vessel --------------------------------------------------------------------------- */

#define WATCH_FILTER_BYTES 0x10000u
#define WATCHES_MAX 1024

/* Writes the watches' filters and list; `stops`: the routine is to trap at hits that it would
 * note. */
struct error *watch_tables_write(struct tracee *tracee, const struct watch *watches, size_t count,
                                 bool stops) MUST_CHECK;

/* What the routine has in words at a trap: */
struct watch_trap {
    uint64_t back; /* the code of the instruction that is about to touch the bytes, */
    size_t watch;  /* those of this watch; */
    bool unsure;   /* or maybe not */
};
struct error *watch_trap_read(struct tracee *tracee, struct watch_trap *ret) MUST_CHECK;

#endif
