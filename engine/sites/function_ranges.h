/*
 * Where the functions of a program's file are: from its symbols, from the unwind information that
 * stripped files have too (.eh_frame), and from Go's own table (.gopclntab).
 */
#ifndef REEL_SITES_FUNCTION_RANGES_H
#define REEL_SITES_FUNCTION_RANGES_H

#include <libelf.h>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/types.h"

/* Virtual addresses of the file. */
struct function_range {
    uint64_t start, end; /* end 0: not said */
};

/* Zero-initialised; sorted by function_ranges_read(), ends included. */
struct function_ranges {
    struct function_range *range;
    size_t count, capacity;
};

void function_ranges_deinit(struct function_ranges *ranges);
struct error *function_ranges_read(Elf *elf, struct function_ranges *ret) MUST_CHECK;

/* The innermost range that has the address; NULL: none. */
const struct function_range *function_range_at(const struct function_ranges *ranges,
                                               uint64_t address);

/* How many bytes of [start, end) lie in functions. */
uint64_t function_ranges_cover(const struct function_ranges *ranges, uint64_t start, uint64_t end);

/* --- For the readers of single tables -------------------------------------------------------- */

struct error *function_ranges_add(struct function_ranges *ranges, uint64_t start,
                                  uint64_t end) MUST_CHECK;

/* unwind_functions.c: .eh_frame's `size` bytes, which stand at `address`. */
struct error *unwind_functions(const uint8_t *bytes, size_t size, uint64_t address,
                               struct function_ranges *ret) MUST_CHECK;

/* go_functions.c: .gopclntab's bytes; `text`: where .text stands. */
struct error *go_functions(const uint8_t *bytes, size_t size, uint64_t text,
                           struct function_ranges *ret) MUST_CHECK;

#endif
