#include "engine/translate/translator_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/maps.h"
#include "engine/translate/doors.h"
#include "engine/translate/gates.h"
#include "engine/translate/layout.h"

/* --- Life
 * -------------------------------------------------------------------------------------------------
 */

static struct error *allocate(struct translator **ret)
{
    struct translator *translator = calloc(1, sizeof(*translator));
    if (!translator)
        return &err_no_memory;
    translator->blocks = calloc(BLOCKS_MAX, sizeof(*translator->blocks));
    translator->insns = calloc(INSNS_MAX, sizeof(*translator->insns));
    translator->slots = calloc(HASH_SLOTS, sizeof(*translator->slots));
    if (!translator->blocks || !translator->insns || !translator->slots) {
        translator_destroy(translator);
        return &err_no_memory;
    }
    *ret = translator;
    return NULL;
}

void translator_destroy(struct translator *translator)
{
    if (!translator)
        return;
    free(translator->blocks);
    free(translator->insns);
    free(translator->slots);
    free(translator->ranges);
    free(translator);
}

static struct error *write_lookup(struct translator *translator)
{
    struct emitter *emitter = calloc(1, sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emitter->base = ENGINE_CODE;
    translator->lookup = ENGINE_CODE;
    translator->lookup_trap = emit_lookup(emitter);
    translator->first_code = translator->code_end = emit_here(emitter);
    struct error *error =
        tracee_write(translator->tracee, taddr_of(ENGINE_CODE), emitter->bytes, emitter->size);
    free(emitter);
    return error;
}

struct error *translator_create(struct tracee *tracee, translator_map map, void *context,
                                struct translator **ret)
{
    struct translator *translator;
    struct error *error = allocate(&translator);
    if (error)
        return error;
    translator->tracee = tracee;
    translator->stale = true;
    error = map(context, ENGINE_WORDS, PAGE_BYTES, false);
    if (!error)
        error = map(context, ENGINE_GATES, ENGINE_GATES_BYTES, true);
    if (!error)
        error = map(context, ENGINE_NEGATIVES, 2 * ENGINE_TABLE_BYTES, false);
    if (!error)
        error = map(context, ENGINE_CODE, ENGINE_CODE_BYTES, true);
    if (!error)
        error = write_lookup(translator);
    if (error)
        translator_destroy(translator);
    else
        *ret = translator;
    return error;
}

struct error *translator_fork(const struct translator *translator, struct tracee *tracee,
                              struct translator **ret)
{
    struct translator *copy;
    struct error *error = allocate(&copy);
    if (error)
        return error;
    struct translator parts = *copy;
    *copy = *translator;
    copy->tracee = tracee;
    copy->blocks = parts.blocks;
    copy->insns = parts.insns;
    copy->slots = parts.slots;
    copy->ranges = calloc(translator->range_count + 1, sizeof(*copy->ranges));
    if (!copy->ranges) {
        translator_destroy(copy);
        return &err_no_memory;
    }
    if (translator->range_count)
        memcpy(copy->ranges, translator->ranges, translator->range_count * sizeof(*copy->ranges));
    memcpy(copy->blocks, translator->blocks, translator->block_count * sizeof(*copy->blocks));
    memcpy(copy->insns, translator->insns, translator->insn_count * sizeof(*copy->insns));
    if (translator->block_count)
        memcpy(copy->slots, translator->slots, HASH_SLOTS * sizeof(*copy->slots));
    *ret = copy;
    return NULL;
}

/* --- What may be translated
 * ---------------------------------------------------------------------------------- */

static struct error *read_ranges(struct translator *translator)
{
    struct mappings mappings;
    struct error *error = mappings_read(tracee_tid(translator->tracee), &mappings);
    if (error)
        return error;
    free(translator->ranges);
    translator->ranges = calloc(mappings.count + 1, sizeof(*translator->ranges));
    translator->range_count = 0;
    for (size_t i = 0; translator->ranges && i < mappings.count; i++) {
        const struct mapping *mapping = &mappings.mapping[i];
        bool ours = mapping->start >= REEL_PAGE && mapping->start < REEL_AREA_END;
        if (mapping->protection & PROT_EXEC && !ours)
            translator->ranges[translator->range_count++] = (struct code_range){
                mapping->start, mapping->end, mapping->protection & PROT_WRITE || mapping->shared};
    }
    mappings_deinit(&mappings);
    translator->ranges_known = translator->ranges != NULL;
    return translator->ranges ? NULL : &err_no_memory;
}

static const struct code_range *range_at(const struct translator *translator, uint64_t address)
{
    for (size_t i = 0; i < translator->range_count; i++)
        if (address >= translator->ranges[i].start && address < translator->ranges[i].end)
            return &translator->ranges[i];
    return NULL;
}

void translator_forget(struct translator *translator, taddr address, uint64_t length, bool mapping)
{
    bool code = mapping || !translator->ranges_known;
    for (size_t i = 0; i < translator->range_count && !code; i++)
        code = !translator->ranges[i].checked && address.value < translator->ranges[i].end &&
               translator->ranges[i].start < address.value + length;
    if (code)
        doors_doom(translator, address.value, address.value + length, mapping);
    if (mapping)
        translator->ranges_known = false;
}

static bool ends_before(const void *context, uint64_t address)
{
    return gate_at(context, address) != NULL;
}

/* --- The cache
 * ------------------------------------------------------------------------------------------------
 */

/* Forgets all blocks. An entry for address 0 would look like a known target: it gets another
 * negative. */
static struct error *flush(struct translator *translator)
{
    static const uint8_t zeros[ENGINE_TABLE_BYTES];
    static const uint64_t never = 1;
    memset(translator->slots, 0, HASH_SLOTS * sizeof(*translator->slots));
    translator->block_count = translator->insn_count = 0;
    translator->flushes++;
    translator->code_end = translator->first_code;
    translator->ranges_known = false;
    translator->stale = false;
    struct error *error = gates_shut(translator);
    if (!error)
        error = tracee_write(translator->tracee, taddr_of(ENGINE_NEGATIVES), zeros, sizeof(zeros));
    return error ? error
                 : tracee_write(translator->tracee, taddr_of(ENGINE_NEGATIVES), &never,
                                sizeof(never));
}

struct error *translator_prepare(struct translator *translator,
                                 const struct run_conditions *conditions)
{
    struct error *error = gates_add(translator, conditions);
    if (!error && translator->stale)
        error = flush(translator);
    if (!error)
        error = doors_shut_doomed(translator);
    if (!error && !translator->ranges_known)
        error = read_ranges(translator);
    return error ? error : gates_set(translator, conditions);
}

static uint32_t *slot_of(struct translator *translator, uint64_t address)
{
    uint32_t slot = (uint32_t)((address * 0x9e3779b97f4a7c15ull) >> 48);
    while (translator->slots[slot] &&
           translator->blocks[translator->slots[slot] - 1].address != address)
        slot = (slot + 1) % HASH_SLOTS;
    return &translator->slots[slot];
}

static struct error *translate(struct translator *translator, uint64_t address,
                               const struct code_range *range, struct block **ret)
{
    uint8_t bytes[BLOCK_INSNS_MAX * INSN_BYTES_MAX];
    size_t size = range->end - address < sizeof(bytes) ? range->end - address : sizeof(bytes);
    const struct block_limits limits = {.ends_before = ends_before,
                                        .context = translator,
                                        .lookup = translator->lookup,
                                        .checked = range->checked};
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emitter->size = 0;
    emitter->full = false;
    emitter->base = translator->code_end;
    size = tracee_read_some(translator->tracee, taddr_of(address), bytes, size);
    struct block *block = &translator->blocks[translator->block_count];
    if (!block_translate(address, bytes, size, &limits, emitter, block,
                         translator->insns + translator->insn_count))
        return NULL;
    if (range->checked && !block->count)
        return NULL; /* nothing would tell when there is something to translate */
    struct error *error =
        tracee_write(translator->tracee, taddr_of(block->code), emitter->bytes, emitter->size);
    if (error)
        return error;
    block->first_insn = translator->insn_count;
    translator->insn_count += block->count;
    translator->code_end = block->end;
    uint32_t *slot = slot_of(translator, address);
    const struct block *previous = *slot ? &translator->blocks[*slot - 1] : NULL;
    *slot = ++translator->block_count;
    *ret = block;
    return door_open(translator, block, previous);
}

static bool is_full(const struct translator *translator)
{
    return translator->block_count == BLOCKS_MAX ||
           translator->insn_count > INSNS_MAX - BLOCK_INSNS_MAX ||
           translator->code_end > ENGINE_CODE + ENGINE_CODE_BYTES - EMIT_MAX;
}

struct block *translator_known_block(struct translator *translator, uint64_t address)
{
    uint32_t index = *slot_of(translator, address);
    struct block *block = index ? &translator->blocks[index - 1] : NULL;
    return block && block->state == BLOCK_LIVE ? block : NULL;
}

struct error *translator_block(struct translator *translator, uint64_t address, struct block **ret)
{
    *ret = translator_known_block(translator, address);
    if (*ret)
        return NULL;
    const struct code_range *range = range_at(translator, address);
    if (!range)
        return NULL;
    if (is_full(translator)) {
        struct error *error = flush(translator);
        if (!error)
            error = read_ranges(translator);
        if (error)
            return error;
        range = range_at(translator, address);
    }
    return translate(translator, address, range, ret);
}

struct block *translator_block_of_code(struct translator *translator, uint64_t code)
{
    uint32_t low = 0, high = translator->block_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (translator->blocks[middle].end <= code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < translator->block_count && translator->blocks[low].code <= code
               ? &translator->blocks[low]
               : NULL;
}

int translator_insn_of_code(const struct translator *translator, const struct block *block,
                            uint64_t code)
{
    const struct block_insn *insns = translator->insns + block->first_insn;
    int index = -1;
    for (uint32_t i = 0; i < block->count && insns[i].code <= code; i++)
        index = (int)i;
    return index;
}

struct error *translator_link(struct translator *translator, const struct block_exit *exit,
                              const struct block *block)
{
    uint32_t offset = block->door - (exit->offset + 4);
    return tracee_write(translator->tracee, taddr_of(exit->offset), &offset, sizeof(offset));
}

struct error *translator_publish(struct translator *translator, const struct block *block)
{
    uint64_t entry = (block->address & 0xffff) * 8, negative = -block->address, code = block->door;
    struct error *error =
        tracee_write(translator->tracee, taddr_of(ENGINE_TARGETS + entry), &code, sizeof(code));
    if (error)
        return error;
    return tracee_write(translator->tracee, taddr_of(ENGINE_NEGATIVES + entry), &negative,
                        sizeof(negative));
}
