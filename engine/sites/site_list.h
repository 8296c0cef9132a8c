/*
 * Sites: instructions whose answers come from outside the program and that do not trap by
 * themselves (cpuid, rdrand, rdseed). The recorder makes them trap by their first byte; this is the
 * list of where, in one address space or one file, and what that byte was.
 */
#ifndef REEL_SITES_SITE_LIST_H
#define REEL_SITES_SITE_LIST_H

#include "engine/base/error.h"
#include "engine/base/types.h"

struct site {
    uint64_t address; /* in a tracee; or an offset, in bytes, in a file or a piece of memory */
    uint8_t length;   /* of the instruction */
    uint8_t original; /* its first byte */
};

/* By address. Zero-initialised. */
struct site_list {
    struct site *site;
    size_t count, capacity;
};

void site_list_deinit(struct site_list *list);
struct error *site_list_copy(struct site_list *to, const struct site_list *from) MUST_CHECK;

/* Takes the place of one that was there. */
struct error *site_list_add(struct site_list *list, const struct site *site) MUST_CHECK;

/* Forgets those in [start, end). */
void site_list_cut(struct site_list *list, uint64_t start, uint64_t end);

/* mremap(2): those in [from, from + length) are at `to` now, and nothing else is there. */
struct error *site_list_move(struct site_list *list, uint64_t from, uint64_t length, uint64_t to,
                             uint64_t to_length) MUST_CHECK;

/* The index of the first at or behind the address. */
size_t site_list_from(const struct site_list *list, uint64_t address);

/* The site at the address; NULL: none. */
const struct site *site_list_at(const struct site_list *list, uint64_t address);

/* `bytes` were read from `address` on, patches included: puts the program's own bytes in their
 * place. A site whose patch is not there any more has been overwritten. */
void site_list_restore(const struct site_list *list, uint64_t address, uint8_t *bytes, size_t size,
                       uint8_t patch);

#endif
