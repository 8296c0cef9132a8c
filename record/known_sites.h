/*
 * The sites of stored files (site_search.h): searched for once, then known for the recording, and
 * by a note in the store for later ones.
 */
#ifndef REEL_RECORD_KNOWN_SITES_H
#define REEL_RECORD_KNOWN_SITES_H

#include "engine/sites/site_list.h"
#include "trace-format/store.h"

/* What is before a `syscall` that some recording has executed: window.h. */
struct known_window {
    uint64_t site;  /* of the syscall, as an offset in the file */
    uint8_t length; /* of the window; 0: there is none */
    /* Of `patched` processes that had it patched from the start, `used` executed it. */
    uint8_t patched, used;
};

/* Whether so many processes use it that patching it in all of them pays. */
bool known_window_is_usual(const struct known_window *window);

struct known_file {
    struct store_name contents;
    bool is_program; /* else its code is not known to be code */
    struct site_list sites;
    struct known_window *window; /* by site */
    size_t window_count, window_capacity;
    bool changed; /* what the note does not have yet */
};

/* Zero-initialised. */
struct known_sites {
    struct known_file *file;
    size_t count;
};

void known_sites_deinit(struct known_sites *known);

/* Writes down what was learned. */
void known_sites_keep(const struct known_sites *known, const struct store *store);

/* *ret lives until the next call. */
struct error *known_sites_of(struct known_sites *known, const struct store *store,
                             const struct store_name *contents,
                             const struct known_file **ret) MUST_CHECK;

/* A process with the window patched has ended. */
void known_window_count(struct known_sites *known, const struct store_name *contents, uint64_t site,
                        bool used);

/* The length of the window of the `syscall` at an offset in the file, 0 if it has none: learned if
 * it is not known yet. */
struct error *known_window(struct known_sites *known, const struct store *store,
                           const struct store_name *contents, uint64_t site,
                           uint8_t *length) MUST_CHECK;

#endif
