/*
 * Counted runs of a vessel, by the translator.
 */
#include <asm/unistd.h>
#include <sys/mman.h>

#include "replay/vessel_private.h"

#define HUGE_PAGE_BYTES (2u << 20)

/* Translated code is several times the program's, and runs all over the place: with small pages the
 * processor does little but look up where they are. A kernel without huge pages may refuse. */
static struct error *want_huge_pages(struct vessel *vessel, uint64_t address, uint64_t length)
{
    const uint64_t arguments[6] = {address, length, MADV_HUGEPAGE};
    int64_t ignored;
    return vessel_try_call(vessel, __NR_madvise, arguments, &ignored);
}

static struct error *map_for_engine(void *context, uint64_t address, uint64_t length,
                                    bool executable)
{
    struct vessel *vessel = context;
    uint64_t protection = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
    struct error *error =
        CALL(vessel, mmap, address, length, protection,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, (uint64_t)-1);
    return error || length < HUGE_PAGE_BYTES ? error : want_huge_pages(vessel, address, length);
}

struct error *vessel_run_counted(struct vessel *vessel, const struct run_conditions *conditions,
                                 uint64_t limit, struct run_result *ret)
{
    struct error *error = vessel_unpatch_windows(vessel);
    if (!error && !vessel->translator)
        error = translator_create(vessel->tracee, map_for_engine, vessel, &vessel->translator);
    return error ? error : translator_run(vessel->translator, conditions, limit, ret);
}
