#include "engine/translate/code_pages.h"

#include <stdlib.h>
#include <string.h>

#define PAGES 256 /* a power of two */
#define FETCH_MAX 16

struct code_page {
    size_t size; /* of what can be read */
    uint8_t bytes[PAGE_BYTES];
};

struct code_pages {
    uint8_t joined[FETCH_MAX]; /* what lies in two pages */
    uint64_t addresses[PAGES]; /* 1: none */
    struct code_page pages[PAGES];
};

struct error *code_pages_create(struct code_pages **ret)
{
    *ret = malloc(sizeof(**ret));
    if (!*ret)
        return &err_no_memory;
    code_pages_forget(*ret);
    return NULL;
}

void code_pages_destroy(struct code_pages *pages)
{
    free(pages);
}

void code_pages_forget(struct code_pages *pages)
{
    for (size_t i = 0; i < PAGES; i++)
        pages->addresses[i] = 1;
}

static const struct code_page *page_of(struct code_pages *pages, struct tracee *tracee,
                                       uint64_t address)
{
    uint64_t start = address & ~(uint64_t)(PAGE_BYTES - 1);
    size_t index = address / PAGE_BYTES % PAGES;
    struct code_page *page = &pages->pages[index];
    if (pages->addresses[index] != start) {
        pages->addresses[index] = start;
        page->size = tracee_read_some(tracee, taddr_of(start), page->bytes, PAGE_BYTES);
    }
    return page;
}

size_t code_pages_fetch(struct code_pages *pages, struct tracee *tracee, uint64_t address,
                        size_t size, const uint8_t **ret)
{
    const struct code_page *page = page_of(pages, tracee, address);
    size_t offset = address % PAGE_BYTES;
    size_t here = offset < page->size ? page->size - offset : 0;
    *ret = page->bytes + offset;
    if (here >= size || offset + here < PAGE_BYTES)
        return here < size ? here : size;
    memcpy(pages->joined, page->bytes + offset, here);
    page = page_of(pages, tracee, address + here);
    size_t there = page->size < size - here ? page->size : size - here;
    memcpy(pages->joined + here, page->bytes, there);
    *ret = pages->joined;
    return here + there;
}
