#include "engine/count/traps.h"

#include <stdlib.h>

#define INT3 0xcc

static struct error *insert(struct tracee *tracee, uint64_t address, struct traps *traps)
{
    static const uint8_t trap = INT3;
    uint8_t original;
    if (tracee_read_some(tracee, taddr_of(address), &original, 1) != 1)
        return NULL; /* nothing can be executed there */
    traps->addresses[traps->count] = address;
    traps->original[traps->count] = original;
    traps->count++;
    return tracee_write(tracee, taddr_of(address), &trap, 1);
}

struct error *traps_insert(struct tracee *tracee, const struct breakpoint *breakpoints,
                           size_t count, struct traps *ret)
{
    *ret = (struct traps){0};
    if (!count)
        return NULL;
    ret->addresses = calloc(count, sizeof(*ret->addresses));
    ret->original = calloc(count, 1);
    struct error *error = ret->addresses && ret->original ? NULL : &err_no_memory;
    for (size_t i = 0; !error && i < count; i++)
        if (!traps_have(ret, breakpoints[i].address.value))
            error = insert(tracee, breakpoints[i].address.value, ret);
    return error;
}

struct error *traps_remove(struct tracee *tracee, struct traps *traps)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < traps->count; i++)
        error = tracee_write(tracee, taddr_of(traps->addresses[i]), &traps->original[i], 1);
    free(traps->addresses);
    free(traps->original);
    *traps = (struct traps){0};
    return error;
}

bool traps_have(const struct traps *traps, uint64_t address)
{
    for (size_t i = 0; i < traps->count; i++)
        if (traps->addresses[i] == address)
            return true;
    return false;
}
