/*
 * The sites of a recording: the `syscall` instructions of which calls were served by the fast path,
 * or could have been.
 */
#ifndef REEL_COMMANDS_SITE_STATISTICS_H
#define REEL_COMMANDS_SITE_STATISTICS_H

#include "engine/base/error.h"
#include "trace-format/event.h"

/* Addresses, each once when site_statistics_count() has been called. */
struct site_set {
    uint64_t *address;
    size_t count, capacity;
};

/* Zero-initialised. */
struct site_statistics {
    struct site_set patched; /* their windows gave way to a jump */
    struct site_set stopped; /* calls that the fast path knows stopped there */
};

void site_statistics_deinit(struct site_statistics *sites);
struct error *site_statistics_add(struct site_statistics *sites,
                                  const struct event *event) MUST_CHECK;

/* How many sites were patched, and at how many others such calls were traced each time. An address
 * counts once, in however many processes it is. */
void site_statistics_count(struct site_statistics *sites, size_t *patched, size_t *traced);

#endif
