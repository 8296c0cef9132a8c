#include "engine/translate/doors.h"

#include <string.h>

#include "engine/translate/gates.h"

#define INT3 0xcc
#define JUMP 0xe9

uint32_t door_for(const struct translator *translator, const struct block *block,
                  const struct block *previous)
{
    const struct gate *gate = gate_at(translator, block->address);
    if (gate)
        return gate_code(translator, gate);
    return previous ? previous->door : block->entry;
}

struct error *door_open(struct translator *translator, const struct block *block)
{
    uint8_t jump[BLOCK_BYTES_MIN] = {JUMP};
    if (gate_at(translator, block->address))
        return gate_open(translator, block);
    if (block->door == block->entry)
        return NULL;
    uint32_t offset = block->entry - (block->door + (uint32_t)sizeof(jump));
    memcpy(jump + 1, &offset, sizeof(offset));
    return tracee_write(translator->tracee, taddr_of(block->door), jump, sizeof(jump));
}

struct error *door_shut(struct translator *translator, const struct block *block)
{
    static const uint8_t trap = INT3;
    uint64_t address = block->address;
    taddr door = taddr_of(block->door);
    struct error *error =
        cache_set_state(&translator->cache, cache_index(&translator->cache, block), BLOCK_DEAD);
    if (error)
        return error;
    return gate_at(translator, address) ? gate_close(translator, address)
                                        : tracee_write(translator->tracee, door, &trap, 1);
}

static bool has_code_in(const struct translator *translator, const struct block *block,
                        uint64_t start, uint64_t end)
{
    if (block->lowest >= end || block->behind <= start)
        return false;
    const struct block_place *places = translator->found->places;
    cache_unpack(&translator->cache, block, translator->found);
    for (uint32_t i = 0; i < block->place_count; i++)
        if (places[i].address < end && places[i].address + INSN_BYTES_MAX > start)
            return true;
    return false;
}

struct error *doors_doom(struct translator *translator, uint64_t start, uint64_t end, bool checked)
{
    for (uint32_t i = 0; i < translator->cache.blocks; i++) {
        const struct block *block = cache_block(&translator->cache, i);
        if (block->state != BLOCK_LIVE || (block->checked && !checked) ||
            !has_code_in(translator, block, start, end))
            continue;
        struct error *error = cache_set_state(&translator->cache, i, BLOCK_DOOMED);
        if (error)
            return error;
        translator->any_doomed = true;
    }
    return NULL;
}

struct error *doors_shut_doomed(struct translator *translator)
{
    struct error *error = NULL;
    for (uint32_t i = 0; translator->any_doomed && !error && i < translator->cache.blocks; i++) {
        const struct block *block = cache_block(&translator->cache, i);
        if (block->state == BLOCK_DOOMED)
            error = door_shut(translator, block);
    }
    if (!error)
        translator->any_doomed = false;
    return error;
}
