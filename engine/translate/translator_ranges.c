/*
 * Where code may be translated, and what is void when memory changes there.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/tracee/maps.h"
#include "engine/tracee/reel_page.h"
#include "engine/translate/doors.h"
#include "engine/translate/translator_private.h"

struct error *translator_read_ranges(struct translator *translator)
{
    struct mappings mappings;
    struct error *error = mappings_read(tracee_tid(translator->tracee), &mappings);
    if (error)
        return error;
    free(translator->ranges);
    translator->ranges = calloc(mappings.count + 1, sizeof(*translator->ranges));
    translator->range_count = 0;
    for (size_t i = 0; translator->ranges && i < mappings.count; i++) {
        const struct mapping *mapping = &mappings.mapping[i];
        bool ours = mapping->start >= REEL_PAGE && mapping->start < REEL_AREA_END;
        if (mapping->protection & PROT_EXEC && !ours)
            translator->ranges[translator->range_count++] = (struct code_range){
                mapping->start, mapping->end, mapping->protection & PROT_WRITE || mapping->shared};
    }
    mappings_deinit(&mappings);
    translator->ranges_known = translator->ranges != NULL;
    return translator->ranges ? NULL : &err_no_memory;
}

static bool contains(const struct code_range *range, uint64_t address)
{
    return address >= range->start && address < range->end;
}

const struct code_range *translator_range_at(struct translator *translator, uint64_t address)
{
    if (translator->last_range < translator->range_count &&
        contains(&translator->ranges[translator->last_range], address))
        return &translator->ranges[translator->last_range];
    for (size_t i = 0; i < translator->range_count; i++) {
        if (!contains(&translator->ranges[i], address))
            continue;
        translator->last_range = i;
        return &translator->ranges[i];
    }
    return NULL;
}

/* Whatever has been translated lies in the ranges that were read last. */
void translator_forget(struct translator *translator, taddr address, uint64_t length, bool mapping)
{
    uint64_t end = address.value + length;
    bool code = false;
    for (size_t i = 0; i < translator->range_count && !code; i++)
        code = (mapping || !translator->ranges[i].checked) &&
               address.value < translator->ranges[i].end && translator->ranges[i].start < end;
    if (mapping)
        translator->ranges_known = false;
    if (!code)
        return;
    code_pages_forget(translator->pages);
    struct error *error = doors_doom(translator, address.value, end, mapping);
    if (error)
        translator->stale = true; /* then all */
    error_free(error);
}
