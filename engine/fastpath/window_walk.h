/*
 * What is known of the code around a `syscall`: which instructions lead up to it, and what may be
 * jumped to among them. Two ways: along a function's branches, and by sweeps (window.h).
 */
#ifndef REEL_FASTPATH_WINDOW_WALK_H
#define REEL_FASTPATH_WINDOW_WALK_H

#include "engine/base/error.h"
#include "engine/base/types.h"

#define APPROACH_INSNS_MAX 5 /* as many as a window may have: each but one of a single byte */

struct approach {
    /* How many bytes before the site the instructions right before it start: the last first. */
    uint8_t count;
    uint8_t back[APPROACH_INSNS_MAX];
    bool by_table; /* something may lead to any of them that is not in `targets`, as a table does */
    uint32_t targets; /* bit n: something leads to n bytes before the site */
};

/* How far before the site sweeps begin, in bytes: the first, and the last, which must have fallen
 * into step with the others by the site. */
#define SWEEP_LEAD 1024
#define SWEEP_LEAD_MIN 68

/* Takes in everything that leads somewhere, but for jumps by an offset of 8 bits, wherever it
 * begins: the code may be anywhere, and `to_site` bytes before the site (behind it, if negative).
 */
void approach_add_far(struct approach *approach, const uint8_t *bytes, size_t size,
                      int64_t to_site);

/* The site in the function, or functions, from `start` to the end of the bytes, less than 4 GB.
 * Some of what is before it should be there too, as for a sweep. */
struct error *approach_in_function(const uint8_t *bytes, size_t size, size_t start, size_t site,
                                   struct approach *ret) MUST_CHECK;

/* The site in code of which nothing is known: a table may be anywhere. */
void approach_by_sweep(const uint8_t *bytes, size_t size, size_t site, struct approach *ret);

/* Where no table says where functions are, calls do: how many bytes before the site, and behind it,
 * something is called. The site's function does not go over these, though it may be but a part of
 * what is between. */
struct call_bounds {
    uint64_t before, behind; /* UINT64_MAX: not met yet */
};

/* Takes in the calls in some bytes (approach_add_far). */
void call_bounds_add(struct call_bounds *bounds, const uint8_t *bytes, size_t size,
                     int64_t to_site);

#endif
