/*
 * The sites of stored files (site_search.h): searched for once, then known for the recording, and
 * by a note in the store for later ones.
 */
#ifndef REEL_RECORD_KNOWN_SITES_H
#define REEL_RECORD_KNOWN_SITES_H

#include "engine/sites/site_list.h"
#include "trace-format/store.h"

struct known_file {
    struct store_name contents;
    bool is_program; /* else its code is not known to be code */
    struct site_list sites;
};

/* Zero-initialised. */
struct known_sites {
    struct known_file *file;
    size_t count;
};

void known_sites_deinit(struct known_sites *known);

/* *ret lives until the next call. */
struct error *known_sites_of(struct known_sites *known, const struct store *store,
                             const struct store_name *contents,
                             const struct known_file **ret) MUST_CHECK;

#endif
