/*
 * What is known of the translated code in a vessel: its blocks, their places and exits.
 *
 * A cache only grows, until it is full and given up. Copies of a vessel share it: each sees what
 * was there when it got it (cache_view), and who would add to a cache that somebody else has added
 * to, or change a block of one that others have as well, gets a copy first.
 */
#ifndef REEL_TRANSLATE_CACHE_H
#define REEL_TRANSLATE_CACHE_H

#include "engine/base/error.h"
#include "engine/translate/block.h"

struct cache;

struct cache_view {
    struct cache *cache;
    uint32_t blocks; /* of the cache's, in the order of their code */
};

/* An empty one. */
struct error *cache_create(struct cache_view *ret) MUST_CHECK;
void cache_share(const struct cache_view *view, struct cache_view *ret);
void cache_release(struct cache_view *view);

struct error *cache_add(struct cache_view *view, const struct block_parts *parts) MUST_CHECK;

/* Makes the block at the index of that state, for this view only. */
struct error *cache_set_state(struct cache_view *view, uint32_t index,
                              enum block_state state) MUST_CHECK;

/* The latest block of the address, whatever its state. NULL: there is none. What is returned lives
 * until the next change. */
const struct block *cache_find(const struct cache_view *view, uint64_t address);
uint32_t cache_index(const struct cache_view *view, const struct block *block);
const struct block *cache_block(const struct cache_view *view, uint32_t index);
const struct block *cache_block_of_code(const struct cache_view *view, uint64_t code);

/* The block with its places and exits. */
void cache_unpack(const struct cache_view *view, const struct block *block,
                  struct block_parts *ret);

#endif
