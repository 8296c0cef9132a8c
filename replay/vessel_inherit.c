/*
 * MADV_DONTFORK and MADV_WIPEONFORK (madvise(2)): what a recorded fork does not hand on.
 *
 * A checkpoint is a fork too, and must hand everything on. So the advice is kept aside, given to
 * the kernel around a recorded fork, and taken back from both sides afterwards.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "replay/vessel_private.h"

bool vessel_keeps_advice(uint32_t advice)
{
    return advice == MADV_DONTFORK || advice == MADV_DOFORK || advice == MADV_WIPEONFORK ||
           advice == MADV_KEEPONFORK;
}

struct error *vessel_keep_advice(struct vessel *vessel, taddr address, uint64_t length,
                                 uint32_t advice)
{
    struct vessel_advice *grown =
        realloc(vessel->advice, (vessel->advice_count + 1) * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    vessel->advice = grown;
    grown[vessel->advice_count++] = (struct vessel_advice){address, length, advice};
    return NULL;
}

/* A new mapping in the range, or none, has no advice. */
void vessel_drop_advice(struct vessel *vessel, taddr address, uint64_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < vessel->advice_count; i++) {
        const struct vessel_advice *advice = &vessel->advice[i];
        if (advice->address.value + advice->length <= address.value ||
            address.value + length <= advice->address.value)
            vessel->advice[kept++] = *advice;
    }
    vessel->advice_count = kept;
}

struct error *vessel_copy_advice(struct vessel *copy, const struct vessel *vessel)
{
    size_t size = vessel->advice_count * sizeof(*copy->advice);
    if (!size)
        return NULL;
    copy->advice = malloc(size);
    if (!copy->advice)
        return &err_no_memory;
    memcpy(copy->advice, vessel->advice, size);
    copy->advice_count = vessel->advice_count;
    return NULL;
}

/* Over holes the kernel advises what is there and says ENOMEM, which is no matter. */
static struct error *advise(struct vessel *vessel, const struct vessel_advice *range,
                            uint32_t advice)
{
    const uint64_t arguments[6] = {range->address.value, range->length, advice};
    int64_t ignored;
    return vessel_try_call(vessel, __NR_madvise, arguments, &ignored);
}

static struct error *give_advice(struct vessel *vessel)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < vessel->advice_count; i++)
        error = advise(vessel, &vessel->advice[i], vessel->advice[i].advice);
    return error;
}

static struct error *take_advice_back(struct vessel *vessel, const struct vessel *whose)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < whose->advice_count; i++) {
        error = advise(vessel, &whose->advice[i], MADV_DOFORK);
        if (!error)
            error = advise(vessel, &whose->advice[i], MADV_KEEPONFORK);
    }
    return error;
}

struct error *vessel_fork_as_recorded(struct vessel *vessel, struct vessel **ret)
{
    struct error *error = give_advice(vessel);
    if (!error)
        error = vessel_fork(vessel, ret);
    if (error)
        return error;
    error = take_advice_back(vessel, vessel);
    if (!error)
        error = take_advice_back(*ret, vessel);
    if (error)
        vessel_destroy(*ret);
    return error;
}
