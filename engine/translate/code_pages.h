/*
 * Pages of a task's code, as read lately: whoever translates wants the same pages again and again.
 */
#ifndef REEL_TRANSLATE_CODE_PAGES_H
#define REEL_TRANSLATE_CODE_PAGES_H

#include "engine/tracee/tracee.h"

struct code_pages;

struct error *code_pages_create(struct code_pages **ret) MUST_CHECK;
void code_pages_destroy(struct code_pages *pages);

/* Forgets all pages: the memory may have changed. */
void code_pages_forget(struct code_pages *pages);

/* At most `size` bytes (no more than 16) at the address; *ret is valid until the next call. Returns
 * how many can be read. */
size_t code_pages_fetch(struct code_pages *pages, struct tracee *tracee, uint64_t address,
                        size_t size, const uint8_t **ret);

#endif
