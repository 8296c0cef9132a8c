#include "record/draft.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of small events come from one block that stays; larger ones get blocks of their own. */
#define BLOCK_BYTES (64ul * 1024)

struct draft_block {
    struct draft_block *next;
    size_t used, size;
    uint8_t bytes[];
};

_Static_assert(sizeof(struct trace_regs) == sizeof(struct user_regs_struct),
               "the trace has the kernel's registers");
_Static_assert(offsetof(struct user_regs_struct, gs) == TRACE_GS * 8, "in the kernel's order");
_Static_assert(offsetof(struct user_regs_struct, rip) == TRACE_RIP * 8, "in the kernel's order");

struct trace_regs trace_regs_of(const struct user_regs_struct *regs)
{
    struct trace_regs result;
    memcpy(&result, regs, sizeof(result));
    return result;
}

static void free_blocks(struct draft *draft, struct draft_block *keep)
{
    while (draft->blocks && draft->blocks != keep) {
        struct draft_block *next = draft->blocks->next;
        free(draft->blocks);
        draft->blocks = next;
    }
}

void draft_begin(struct draft *draft, enum event_kind kind)
{
    struct draft_block *last = draft->blocks;
    while (last && last->next)
        last = last->next;
    free_blocks(draft, last && last->size == BLOCK_BYTES ? last : NULL);
    if (draft->blocks)
        draft->blocks->used = 0;
    draft->count = 0;
    memset(&draft->event, 0, sizeof(draft->event));
    draft->event.kind = kind;
}

void draft_deinit(struct draft *draft)
{
    free_blocks(draft, NULL);
    free(draft->effects);
    *draft = (struct draft){0};
}

struct error *draft_effect(struct draft *draft, const struct effect *effect)
{
    if (draft->count == draft->capacity) {
        size_t capacity = draft->capacity ? draft->capacity * 2 : 64;
        struct effect *grown = realloc(draft->effects, capacity * sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        draft->effects = grown;
        draft->capacity = capacity;
    }
    draft->effects[draft->count++] = *effect;
    return NULL;
}

void *draft_bytes(struct draft *draft, size_t size)
{
    size = (size + 15) & ~15ul;
    struct draft_block *block = draft->blocks;
    if (!block || block->size - block->used < size) {
        size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block = malloc(sizeof(*block) + capacity);
        if (!block)
            return NULL;
        *block = (struct draft_block){.next = draft->blocks, .size = capacity};
        draft->blocks = block;
    }
    void *bytes = block->bytes + block->used;
    block->used += size;
    return bytes;
}

struct error *draft_memory(struct draft *draft, struct tracee *tracee, taddr address,
                           uint64_t length)
{
    if (length == 0)
        return NULL;
    uint8_t *bytes = draft_bytes(draft, length);
    if (!bytes)
        return &err_no_memory;
    size_t got = tracee_read_some(tracee, address, bytes, length);
    if (got == 0)
        return NULL;
    struct effect effect = {
        .kind = EFFECT_MEMORY, .address = address, .length = got, .bytes = bytes};
    return draft_effect(draft, &effect);
}

struct error *draft_xsave(struct draft *draft, struct tracee *tracee)
{
    size_t size;
    void *bytes = draft_bytes(draft, XSAVE_MAX);
    if (!bytes)
        return &err_no_memory;
    struct error *error = tracee_get_xsave(tracee, bytes, &size);
    if (error)
        return error;
    struct effect effect = {.kind = EFFECT_XSAVE, .length = size, .bytes = bytes};
    return draft_effect(draft, &effect);
}
