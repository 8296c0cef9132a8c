#include "engine/translate/cache.h"

#include <stdlib.h>
#include <string.h>

#include "engine/translate/block_pack.h"

#define SLOTS_AT_FIRST 4096 /* a power of two */

struct array {
    void *items;
    uint32_t count, capacity;
};

struct cache {
    uint32_t references;
    struct array blocks;
    struct array packed; /* bytes: places and exits of the blocks */
    uint32_t *slots;     /* hash by program address: index of a block + 1, 0: empty */
    uint32_t slot_count;
};

/* --- Arrays ---------------------------------------------------------------------------------- */

static bool append(struct array *array, const void *items, uint32_t count, size_t size)
{
    if (count > array->capacity - array->count) {
        uint32_t capacity = 2 * (array->capacity + count);
        void *grown = realloc(array->items, capacity * size);
        if (!grown)
            return false;
        array->items = grown;
        array->capacity = capacity;
    }
    if (count)
        memcpy((uint8_t *)array->items + array->count * size, items, count * size);
    array->count += count;
    return true;
}

static const struct block *block_at(const struct cache *cache, uint32_t index)
{
    return (const struct block *)cache->blocks.items + index;
}

static const uint8_t *packed_at(const struct cache *cache, const struct block *block)
{
    return (const uint8_t *)cache->packed.items + block->packed;
}

/* How many bytes the places and exits of the block at the index are. */
static uint32_t packed_size(const struct cache *cache, uint32_t index)
{
    uint32_t end =
        index + 1 < cache->blocks.count ? block_at(cache, index + 1)->packed : cache->packed.count;
    return end - block_at(cache, index)->packed;
}

void cache_unpack(const struct cache_view *view, const struct block *block, struct block_parts *ret)
{
    block_unpack(block, packed_at(view->cache, block), ret);
}

/* --- Life ------------------------------------------------------------------------------------ */

struct error *cache_create(struct cache_view *ret)
{
    struct cache *cache = calloc(1, sizeof(*cache));
    *ret = (struct cache_view){.cache = cache};
    if (!cache)
        return &err_no_memory;
    cache->references = 1;
    cache->slot_count = SLOTS_AT_FIRST;
    cache->slots = calloc(cache->slot_count, sizeof(*cache->slots));
    if (cache->slots)
        return NULL;
    cache_release(ret);
    return &err_no_memory;
}

void cache_share(const struct cache_view *view, struct cache_view *ret)
{
    *ret = *view;
    ret->cache->references++;
}

void cache_release(struct cache_view *view)
{
    struct cache *cache = view->cache;
    view->cache = NULL;
    view->blocks = 0;
    if (!cache || --cache->references)
        return;
    free(cache->blocks.items);
    free(cache->packed.items);
    free(cache->slots);
    free(cache);
}

/* --- The hash -------------------------------------------------------------------------------- */

static uint32_t *slot_of(const struct cache *cache, uint64_t address)
{
    uint32_t slot = (uint32_t)((address * 0x9e3779b97f4a7c15ull) >> 32) & (cache->slot_count - 1);
    while (cache->slots[slot] && block_at(cache, cache->slots[slot] - 1)->address != address)
        slot = (slot + 1) & (cache->slot_count - 1);
    return &cache->slots[slot];
}

static bool grow_slots(struct cache *cache)
{
    if (cache->blocks.count * 2 < cache->slot_count)
        return true;
    uint32_t *slots = calloc(cache->slot_count * 2ul, sizeof(*slots));
    if (!slots)
        return false;
    free(cache->slots);
    cache->slots = slots;
    cache->slot_count *= 2;
    for (uint32_t i = 0; i < cache->blocks.count; i++)
        *slot_of(cache, block_at(cache, i)->address) = i + 1;
    return true;
}

/* --- Adding ---------------------------------------------------------------------------------- */

static bool add(struct cache *cache, const struct block *block, const uint8_t *packed,
                uint32_t size)
{
    struct block added = *block;
    added.packed = cache->packed.count;
    if (!grow_slots(cache) || !append(&cache->packed, packed, size, 1) ||
        !append(&cache->blocks, &added, 1, sizeof(added)))
        return false;
    *slot_of(cache, block->address) = cache->blocks.count;
    return true;
}

/* A cache of the view's own, without what others have added. */
static struct error *part(struct cache_view *view)
{
    struct cache_view own;
    struct error *error = cache_create(&own);
    for (; !error && own.blocks < view->blocks; own.blocks++) {
        const struct block *block = block_at(view->cache, own.blocks);
        if (!add(own.cache, block, packed_at(view->cache, block),
                 packed_size(view->cache, own.blocks)))
            error = &err_no_memory;
    }
    if (error) {
        cache_release(&own);
        return error;
    }
    cache_release(view);
    *view = own;
    return NULL;
}

struct error *cache_add(struct cache_view *view, const struct block_parts *parts)
{
    if (view->blocks != view->cache->blocks.count) {
        struct error *error = part(view);
        if (error)
            return error;
    }
    uint8_t packed[BLOCK_PACKED_MAX];
    uint32_t size = (uint32_t)block_pack(parts, packed);
    if (!add(view->cache, &parts->block, packed, size))
        return &err_no_memory;
    view->blocks++;
    return NULL;
}

struct error *cache_set_state(struct cache_view *view, uint32_t index, enum block_state state)
{
    struct error *error = view->cache->references > 1 ? part(view) : NULL;
    if (!error)
        ((struct block *)view->cache->blocks.items)[index].state = (uint8_t)state;
    return error;
}

/* --- Finding --------------------------------------------------------------------------------- */

const struct block *cache_find(const struct cache_view *view, uint64_t address)
{
    uint32_t index = *slot_of(view->cache, address);
    return index && index <= view->blocks ? block_at(view->cache, index - 1) : NULL;
}

const struct block *cache_block(const struct cache_view *view, uint32_t index)
{
    return block_at(view->cache, index);
}

uint32_t cache_index(const struct cache_view *view, const struct block *block)
{
    return (uint32_t)(block - block_at(view->cache, 0));
}

const struct block *cache_block_of_code(const struct cache_view *view, uint64_t code)
{
    uint32_t low = 0, high = view->blocks;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (block_at(view->cache, middle)->end <= code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < view->blocks && block_at(view->cache, low)->code <= code
               ? block_at(view->cache, low)
               : NULL;
}
