#include "engine/translate/doors.h"

#include <string.h>

#include "engine/translate/gates.h"

#define INT3 0xcc
#define JUMP 0xe9

/* Nothing has ever led to a block without instructions, and its code is too short for a jump. */
static bool has_door(const struct block *previous)
{
    return previous && (previous->count || previous->door != previous->entry);
}

struct error *door_open(struct translator *translator, struct block *block,
                        const struct block *previous)
{
    const struct gate *gate = gate_at(translator, block->address);
    uint8_t jump[5] = {JUMP};
    if (gate) {
        block->door = gate_code(translator, gate);
        return gate_open(translator, block);
    }
    block->door = has_door(previous) ? previous->door : block->entry;
    if (block->door == block->entry)
        return NULL;
    uint32_t offset = block->entry - (block->door + 5);
    memcpy(jump + 1, &offset, sizeof(offset));
    return tracee_write(translator->tracee, taddr_of(block->door), jump, sizeof(jump));
}

struct error *door_shut(struct translator *translator, struct block *block)
{
    static const uint8_t trap = INT3;
    block->state = BLOCK_DEAD;
    if (gate_at(translator, block->address))
        return gate_close(translator, block->address);
    return tracee_write(translator->tracee, taddr_of(block->door), &trap, 1);
}

void doors_doom(struct translator *translator, uint64_t start, uint64_t end, bool checked)
{
    for (uint32_t i = 0; i < translator->block_count; i++) {
        struct block *block = &translator->blocks[i];
        /* A block of no instructions stands for the one that it could not have. */
        uint64_t behind = block->address + (block->count ? block->source_bytes : INSN_BYTES_MAX);
        if (block->state != BLOCK_LIVE || block->address >= end || behind <= start ||
            (block->checked && !checked))
            continue;
        block->state = BLOCK_DOOMED;
        translator->any_doomed = true;
    }
}

struct error *doors_shut_doomed(struct translator *translator)
{
    struct error *error = NULL;
    for (uint32_t i = 0; translator->any_doomed && !error && i < translator->block_count; i++)
        if (translator->blocks[i].state == BLOCK_DOOMED)
            error = door_shut(translator, &translator->blocks[i]);
    if (!error)
        translator->any_doomed = false;
    return error;
}
