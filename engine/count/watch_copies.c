#include "engine/count/watch_copies.h"

#include <stdlib.h>
#include <string.h>

static void read_watched(struct tracee *tracee, const struct watch *watch, uint8_t *bytes)
{
    memset(bytes, 0, watch->length);
    tracee_read_some(tracee, watch->address, bytes, watch->length);
}

struct error *watch_copies_take(struct tracee *tracee, const struct run_conditions *conditions,
                                bool reads_only, struct watch_copies *ret)
{
    *ret = (struct watch_copies){.conditions = conditions};
    if (!conditions->watch_count)
        return NULL;
    ret->bytes = calloc(conditions->watch_count, sizeof(*ret->bytes));
    if (!ret->bytes)
        return &err_no_memory;
    for (size_t i = 0; i < conditions->watch_count; i++) {
        const struct watch *watch = &conditions->watches[i];
        if (reads_only && watch->access != WATCHES_READS)
            continue;
        ret->bytes[i] = malloc(watch->length);
        if (!ret->bytes[i])
            return &err_no_memory;
        read_watched(tracee, watch, ret->bytes[i]);
    }
    return NULL;
}

void watch_copies_deinit(struct watch_copies *copies)
{
    for (size_t i = 0; copies->bytes && i < copies->conditions->watch_count; i++)
        free(copies->bytes[i]);
    free(copies->bytes);
    copies->bytes = NULL;
}

bool watch_copies_changed(struct tracee *tracee, struct watch_copies *copies, size_t watch)
{
    uint64_t small;
    uint64_t length = copies->conditions->watches[watch].length;
    if (!copies->bytes || !copies->bytes[watch])
        return false;
    uint8_t *now = length <= sizeof(small) ? (uint8_t *)&small : malloc(length);
    if (!now)
        return false;
    read_watched(tracee, &copies->conditions->watches[watch], now);
    bool changed = memcmp(now, copies->bytes[watch], length) != 0;
    memcpy(copies->bytes[watch], now, length);
    if (now != (uint8_t *)&small)
        free(now);
    return changed;
}
