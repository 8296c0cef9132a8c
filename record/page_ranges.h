/*
 * A set of pages, as ranges of addresses.
 */
#ifndef REEL_RECORD_PAGE_RANGES_H
#define REEL_RECORD_PAGE_RANGES_H

#include "engine/base/error.h"
#include "engine/base/types.h"

struct page_range {
    uint64_t start, end;
};

/* Zero-initialised. After page_ranges_merge() sorted and disjoint. */
struct page_ranges {
    struct page_range *range;
    size_t count, capacity;
};

struct error *page_ranges_add(struct page_ranges *ranges, uint64_t start, uint64_t end) MUST_CHECK;
void page_ranges_merge(struct page_ranges *ranges);
void page_ranges_deinit(struct page_ranges *ranges);

/* Of merged ranges. */
bool page_ranges_have(const struct page_ranges *ranges, uint64_t address);

#endif
