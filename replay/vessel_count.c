/*
 * Counted runs of a vessel, by the translator.
 */
#include <sys/mman.h>

#include "replay/vessel_private.h"

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
    struct error *error = NULL;
    if (!vessel->translator)
        error = translator_create(vessel->tracee, map_for_engine, vessel, &vessel->translator);
    return error ? error : translator_run(vessel->translator, conditions, limit, ret);
}
