/*
 * Counted runs of a vessel: single steps for a few instructions, the translator for more.
 */
#include <sys/mman.h>

#include "replay/vessel_private.h"

/* Below that a stop for each instruction costs less than looking for blocks. */
#define STEPS_MAX 64

static struct error *map_for_engine(void *context, uint64_t address, uint64_t length,
                                    bool executable)
{
    struct vessel *vessel = context;
    uint64_t protection = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
    return CALL(vessel, mmap, address, length, protection,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, (uint64_t)-1);
}

struct error *vessel_run_counted(struct vessel *vessel, const struct run_conditions *conditions,
                                 uint64_t limit, struct run_result *ret)
{
    if (limit <= STEPS_MAX && (!conditions || run_fits(conditions)))
        return run_counted(vessel->tracee, conditions, limit, ret);
    struct error *error = NULL;
    if (!vessel->translator)
        error = translator_create(vessel->tracee, map_for_engine, vessel, &vessel->translator);
    return error ? error : translator_run(vessel->translator, conditions, limit, ret);
}
