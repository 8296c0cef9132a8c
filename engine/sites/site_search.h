/*
 * The search for sites (site_list.h): a quick one for bytes that look like one, which rules most
 * code out; then what is left is told from constants and middles of instructions (code_walk.h).
 */
#ifndef REEL_SITES_SITE_SEARCH_H
#define REEL_SITES_SITE_SEARCH_H

#include "engine/sites/site_list.h"

/* Of what the search finds, and how it is written down: results of another version are void. */
#define SITE_SEARCH_VERSION 1

/*
 * The sites in a file's code, by their offsets in the file. *is_program: whether it is an ELF file
 * for this machine, whose sections say where code is; else nothing is looked at. Nothing in the
 * file is trusted, but it must not become shorter meanwhile.
 */
struct error *sites_in_file(int fd, struct site_list *ret, bool *is_program) MUST_CHECK;

/* The sites in memory of which nothing is known, by their offsets. */
struct error *sites_in_memory(const uint8_t *bytes, size_t size, struct site_list *ret) MUST_CHECK;

#endif
