/*
 * Breakpoint instructions in a task's memory, for the time that it runs.
 */
#ifndef REEL_COUNT_TRAPS_H
#define REEL_COUNT_TRAPS_H

#include "engine/count/run.h"

struct traps {
    uint64_t *addresses;
    uint8_t *original;
    size_t count;
};

/* Puts an int3 at each breakpoint that is mapped, whatever its condition. */
struct error *traps_insert(struct tracee *tracee, const struct breakpoint *breakpoints,
                           size_t count, struct traps *ret) MUST_CHECK;

/* Puts back what was there. Safe on zeroed traps. */
struct error *traps_remove(struct tracee *tracee, struct traps *traps) MUST_CHECK;

bool traps_have(const struct traps *traps, uint64_t address);

#endif
