#include "record/page_ranges.h"

#include <stdlib.h>

struct error *page_ranges_add(struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    struct page_range *last = ranges->count ? &ranges->range[ranges->count - 1] : NULL;
    if (last && last->end == start) {
        last->end = end;
        return NULL;
    }
    if (ranges->count == ranges->capacity) {
        size_t capacity = ranges->capacity ? 2 * ranges->capacity : 64;
        struct page_range *grown = realloc(ranges->range, capacity * sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        ranges->range = grown;
        ranges->capacity = capacity;
    }
    ranges->range[ranges->count++] = (struct page_range){start, end};
    return NULL;
}

static int by_start(const void *a, const void *b)
{
    const struct page_range *first = a, *second = b;
    return (first->start > second->start) - (first->start < second->start);
}

void page_ranges_merge(struct page_ranges *ranges)
{
    size_t kept = 0;
    if (!ranges->count)
        return;
    qsort(ranges->range, ranges->count, sizeof(*ranges->range), by_start);
    for (size_t i = 1; i < ranges->count; i++) {
        struct page_range *last = &ranges->range[kept], *next = &ranges->range[i];
        if (next->start > last->end)
            ranges->range[++kept] = *next;
        else if (next->end > last->end)
            last->end = next->end;
    }
    ranges->count = kept + 1;
}

void page_ranges_deinit(struct page_ranges *ranges)
{
    free(ranges->range);
    *ranges = (struct page_ranges){0};
}

bool page_ranges_have(const struct page_ranges *ranges, uint64_t address)
{
    size_t low = 0, high = ranges->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges->range[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ranges->count && ranges->range[low].start <= address;
}
