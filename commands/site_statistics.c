#include "commands/site_statistics.h"

#include <stdlib.h>

#include "engine/syscall/call_table.h"

void site_statistics_deinit(struct site_statistics *sites)
{
    free(sites->patched.address);
    free(sites->stopped.address);
    *sites = (struct site_statistics){0};
}

static int by_address(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void unite(struct site_set *set)
{
    size_t count = 0;
    if (!set->count)
        return;
    qsort(set->address, set->count, sizeof(*set->address), by_address);
    for (size_t i = 0; i < set->count; i++)
        if (!count || set->address[count - 1] != set->address[i])
            set->address[count++] = set->address[i];
    set->count = count;
}

/* Most come many times: a full set is thinned before it grows. */
static struct error *add(struct site_set *set, uint64_t address)
{
    if (set->count == set->capacity)
        unite(set);
    if (set->count * 2 >= set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 1024;
        uint64_t *grown = reallocarray(set->address, capacity, sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        set->address = grown;
        set->capacity = capacity;
    }
    set->address[set->count++] = address;
    return NULL;
}

static bool is_stop(const struct event *event)
{
    if (event->kind != EVENT_CALL && event->kind != EVENT_CALL_ENTER)
        return false;
    const struct call_row *row = call_row(event->before.value[TRACE_ORIG_RAX]);
    return row && row->flags & CALL_FAST && !(row->flags & CALL_MAPS);
}

struct error *site_statistics_add(struct site_statistics *sites, const struct event *event)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < event->effect_count; i++)
        if (event->effects[i].kind == EFFECT_SITE)
            error =
                add(&sites->patched, event->effects[i].address.value + event->effects[i].length);
    if (!error && is_stop(event))
        error = add(&sites->stopped, event->before.value[TRACE_RIP] - 2);
    return error;
}

void site_statistics_count(struct site_statistics *sites, size_t *patched, size_t *traced)
{
    unite(&sites->patched);
    unite(&sites->stopped);
    *patched = sites->patched.count;
    *traced = 0;
    for (size_t i = 0; i < sites->stopped.count; i++)
        *traced += !bsearch(&sites->stopped.address[i], sites->patched.address,
                            sites->patched.count, sizeof(uint64_t), by_address);
}
