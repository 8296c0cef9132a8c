/*
 * Watches in the processor's debug registers (Intel SDM volume 3, 17.2): four, each of 1, 2, 4 or 8
 * aligned bytes. The kernel keeps them for each task and does not pass them on to a fork.
 */
#ifndef REEL_COUNT_DEBUG_REGISTERS_H
#define REEL_COUNT_DEBUG_REGISTERS_H

#include "engine/count/run.h"

#define DEBUG_REGISTERS 4

struct debug_slot {
    uint64_t address;
    unsigned length;
    bool reads;   /* accesses, else only writes */
    size_t watch; /* that it belongs to */
};

/* The slots that the watches need; more than DEBUG_REGISTERS: they do not fit (and only that many
 * are filled in). */
size_t debug_slots(const struct run_conditions *conditions,
                   struct debug_slot slots[DEBUG_REGISTERS]);

struct error *debug_registers_arm(struct tracee *tracee, const struct debug_slot *slots,
                                  size_t count) MUST_CHECK;
struct error *debug_registers_disarm(struct tracee *tracee, size_t count) MUST_CHECK;

/* Which slot was hit since this was asked last; -1: none. */
struct error *debug_registers_hit(struct tracee *tracee, size_t count, int *ret) MUST_CHECK;

#endif
