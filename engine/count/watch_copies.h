/*
 * Copies of watched bytes, to see writes by what they change.
 *
 * Needed where there are more watches than debug registers; and for watches of reads alone, which
 * the processor does not know (it has writes, and accesses of both kinds): a hit that changed the
 * bytes was a write.
 */
#ifndef REEL_COUNT_WATCH_COPIES_H
#define REEL_COUNT_WATCH_COPIES_H

#include "engine/count/run.h"

struct watch_copies {
    const struct run_conditions *conditions;
    uint8_t **bytes; /* of each watch; NULL where no copy is kept */
};

/* Of all watches, or with `reads_only`, of those for reads alone. */
struct error *watch_copies_take(struct tracee *tracee, const struct run_conditions *conditions,
                                bool reads_only, struct watch_copies *ret) MUST_CHECK;
void watch_copies_deinit(struct watch_copies *copies);

/* Whether the watch's bytes have changed since this was asked last; false where no copy is kept. */
bool watch_copies_changed(struct tracee *tracee, struct watch_copies *copies, size_t watch);

#endif
