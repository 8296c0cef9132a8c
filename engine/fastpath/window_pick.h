/*
 * The window of a `syscall` from what is known of the code around it.
 */
#ifndef REEL_FASTPATH_WINDOW_PICK_H
#define REEL_FASTPATH_WINDOW_PICK_H

#include "engine/fastpath/window_walk.h"

/* Its length in bytes, 0: none. `site`: where the syscall is in the bytes. */
uint8_t window_pick(const struct approach *approach, const uint8_t *bytes, size_t size,
                    size_t site);

/* Functions between whose calls is more than this are as good as unknown, in bytes. */
#define BETWEEN_CALLS_MAX (64ul << 10)

/* What is known where no table says where functions are. */
struct error *window_approach(const uint8_t *bytes, size_t size, size_t site,
                              const struct call_bounds *bounds, struct approach *ret) MUST_CHECK;

/* Whether there is a `syscall` at all. */
bool window_is_site(const uint8_t *bytes, size_t size, size_t site);

#endif
