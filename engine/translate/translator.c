#include "engine/translate/translator_private.h"

#include <stdlib.h>
#include <string.h>

#include "engine/translate/layout.h"

#define REGION_BLOCKS_MAX 4 /* translated at a time */

/* --- Life ------------------------------------------------------------------------------------ */

void translator_destroy(struct translator *translator)
{
    if (!translator)
        return;
    cache_release(&translator->cache);
    code_pages_destroy(translator->pages);
    free(translator->translation);
    free(translator->cut);
    free(translator->ranges);
    free(translator);
}

static struct error *allocate(struct tracee *tracee, struct translator **ret)
{
    struct translator *translator = calloc(1, sizeof(*translator));
    if (!translator)
        return &err_no_memory;
    translator->tracee = tracee;
    translator->stale = true;
    translator->translation = malloc(sizeof(*translator->translation));
    translator->cut = calloc(1, sizeof(*translator->cut));
    struct error *error = code_pages_create(&translator->pages);
    if (!error && (!translator->translation || !translator->cut))
        error = &err_no_memory;
    if (error)
        translator_destroy(translator);
    else
        *ret = translator;
    return error;
}

struct error *translator_create(struct tracee *tracee, translator_map map, void *context,
                                struct translator **ret)
{
    struct translator *translator;
    struct error *error = allocate(tracee, &translator);
    if (error)
        return error;
    error = cache_create(&translator->cache);
    if (!error)
        error = map(context, ENGINE_WORDS, PAGE_BYTES, false);
    if (!error)
        error = map(context, ENGINE_TARGETS, ENGINE_TARGETS_BYTES, false);
    if (!error)
        error = map(context, ENGINE_CUT, ENGINE_CUT_BYTES, true);
    if (!error)
        error = map(context, ENGINE_CODE, ENGINE_CODE_BYTES, true);
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
    struct error *error = allocate(tracee, &copy);
    if (error)
        return error;
    struct translator parts = *copy;
    *copy = *translator;
    copy->tracee = tracee;
    copy->translation = parts.translation;
    copy->cut = parts.cut;
    copy->pages = parts.pages;
    cache_share(&translator->cache, &copy->cache);
    copy->ranges = calloc(translator->range_count + 1, sizeof(*copy->ranges));
    if (!copy->ranges) {
        translator_destroy(copy);
        return &err_no_memory;
    }
    if (translator->range_count)
        memcpy(copy->ranges, translator->ranges, translator->range_count * sizeof(*copy->ranges));
    *ret = copy;
    return NULL;
}

/* --- Forgetting ------------------------------------------------------------------------------ */

bool translator_has_breakpoint(const struct translator *translator, uint64_t address)
{
    for (size_t i = 0; i < translator->breakpoint_count; i++)
        if (translator->breakpoints[i] == address)
            return true;
    return false;
}

uint32_t translator_unknown_trap(void)
{
    return ENGINE_CODE + 8; /* behind the instruction that gives r11 back */
}

/* All addresses are unknown: the code begins with what is done for them. */
static struct error *write_unknown(struct translator *translator)
{
    struct emitter *emitter = &translator->translation->emitter;
    emit_begin(emitter, ENGINE_CODE);
    emit_load(emitter, R11, WORD_R11);
    emit_trap(emitter);
    translator->code_end = emit_here(emitter);
    struct error *error =
        tracee_write(translator->tracee, taddr_of(ENGINE_CODE), emitter->bytes, emitter->size);
    uint64_t *unknown = malloc(ENGINE_TARGETS_BYTES);
    for (size_t i = 0; unknown && i < ENGINE_TARGETS_BYTES / sizeof(*unknown); i++)
        unknown[i] = ENGINE_CODE;
    if (!unknown)
        error = &err_no_memory;
    if (!error)
        error = tracee_write(translator->tracee, taddr_of(ENGINE_TARGETS), unknown,
                             ENGINE_TARGETS_BYTES);
    free(unknown);
    return error;
}

static struct error *flush(struct translator *translator)
{
    struct cache_view empty;
    struct error *error = cache_create(&empty);
    if (error)
        return error;
    cache_release(&translator->cache);
    translator->cache = empty;
    translator->flushes++;
    translator->ranges_known = false;
    translator->stale = false;
    code_pages_forget(translator->pages);
    return write_unknown(translator);
}

static void add_breakpoint(struct translator *translator, uint64_t address)
{
    if (translator_has_breakpoint(translator, address))
        return;
    translator->stale = true;
    translator->breakpoints[translator->breakpoint_count++] = address;
}

struct error *translator_prepare(struct translator *translator,
                                 const struct run_conditions *conditions)
{
    size_t wanted = conditions->breakpoint_count + (conditions->point != NULL);
    if (wanted > BREAKPOINTS_MAX)
        return error_new("set fewer breakpoints", "%zu breakpoints in one run", wanted);
    if (translator->breakpoint_count + wanted > BREAKPOINTS_MAX)
        translator->breakpoint_count = 0; /* begin anew: only the run's own */
    for (size_t i = 0; i < conditions->breakpoint_count; i++)
        add_breakpoint(translator, conditions->breakpoints[i].value);
    if (conditions->point)
        add_breakpoint(translator, conditions->point->regs.rip);
    struct error *error = translator->stale ? flush(translator) : NULL;
    return error || translator->ranges_known ? error : translator_read_ranges(translator);
}

/* --- Translating ----------------------------------------------------------------------------- */

static bool ends_before(void *context, uint64_t address)
{
    return translator_has_breakpoint(context, address);
}

static size_t fetch(void *context, uint64_t address, const uint8_t **ret)
{
    struct translator *translator = context;
    const struct code_range *range = translator_range_at(translator, address);
    if (!range)
        return 0;
    size_t size = range->end - address < INSN_BYTES_MAX ? range->end - address : INSN_BYTES_MAX;
    return code_pages_fetch(translator->pages, translator->tracee, address, size, ret);
}

/* The addresses to be translated at a time: the one that is wanted, and what blocks lead to. */
struct region {
    uint64_t addresses[REGION_BLOCKS_MAX];
    uint32_t count;
    uint32_t first_block;
};

static void want(struct translator *translator, struct region *region, uint64_t address)
{
    if (region->count == REGION_BLOCKS_MAX || translator_has_breakpoint(translator, address) ||
        cache_find(&translator->cache, address))
        return;
    for (uint32_t i = 0; i < region->count; i++)
        if (region->addresses[i] == address)
            return;
    region->addresses[region->count++] = address;
}

static struct error *translate_block(struct translator *translator, struct region *region,
                                     uint64_t address)
{
    struct translation *translation = translator->translation;
    const struct code_source source = {
        .fetch = fetch, .ends_before = ends_before, .context = translator};
    size_t before = translation->emitter.size;
    path_find(&source, address, PATH_INSNS_MAX, true, &translation->path);
    if (!translation->path.count)
        return NULL;
    if (!block_emit(&translation->path, false, &translation->emitter, &translation->parts)) {
        translation->emitter.size = before; /* full: another time */
        return NULL;
    }
    struct error *error = cache_add(&translator->cache, &translation->parts);
    for (uint32_t i = 0; !error && i < translation->parts.block.exit_count; i++)
        if (translation->parts.exits[i].kind == EXIT_DIRECT)
            want(translator, region, translation->parts.exits[i].target);
    return error;
}

/* Points the exits of the new blocks at blocks that are known. */
static void link_region(struct translator *translator, const struct region *region)
{
    const struct cache_view *view = &translator->cache;
    struct emitter *emitter = &translator->translation->emitter;
    for (uint32_t i = region->first_block; i < view->blocks; i++) {
        const struct block *block = cache_block(view, i);
        const struct block_exit *exits = cache_exits(view, block);
        for (uint32_t j = 0; j < block->exit_count; j++) {
            if (exits[j].kind != EXIT_DIRECT ||
                translator_has_breakpoint(translator, exits[j].target))
                continue;
            const struct block *target = cache_find(view, exits[j].target);
            if (target)
                emit_point(emitter, exits[j].offset - emitter->base, target->code);
        }
    }
}

static struct error *translate(struct translator *translator, uint64_t address)
{
    struct emitter *emitter = &translator->translation->emitter;
    struct region region = {.first_block = translator->cache.blocks};
    struct error *error = NULL;
    emit_begin(emitter, translator->code_end);
    want(translator, &region, address);
    region.addresses[0] = address; /* a breakpoint or not */
    region.count = 1;
    for (uint32_t i = 0; !error && i < region.count && !emitter->full; i++)
        error = translate_block(translator, &region, region.addresses[i]);
    if (error || translator->cache.blocks == region.first_block)
        return error;
    link_region(translator, &region);
    translator->code_end = emit_here(emitter);
    return tracee_write(translator->tracee, taddr_of(emitter->base), emitter->bytes, emitter->size);
}

static bool is_full(const struct translator *translator)
{
    return translator->code_end > ENGINE_CODE + ENGINE_CODE_BYTES - EMIT_MAX;
}

struct error *translator_block(struct translator *translator, uint64_t address,
                               const struct block **ret)
{
    *ret = cache_find(&translator->cache, address);
    if (*ret || !translator_range_at(translator, address))
        return NULL;
    struct error *error = is_full(translator) ? flush(translator) : NULL;
    if (!error && !translator->ranges_known)
        error = translator_read_ranges(translator);
    if (!error)
        error = translate(translator, address);
    if (!error)
        *ret = cache_find(&translator->cache, address);
    return error;
}

struct error *translator_cut(struct translator *translator, uint64_t address, uint64_t limit,
                             uint32_t *ret)
{
    struct translation *translation = translator->translation;
    struct emitter *emitter = &translation->emitter;
    const struct code_source source = {
        .fetch = fetch, .ends_before = ends_before, .context = translator};
    emit_begin(emitter, ENGINE_CUT);
    path_find(&source, address, limit < PATH_INSNS_MAX ? (uint32_t)limit : PATH_INSNS_MAX, false,
              &translation->path);
    *ret = translation->path.count;
    if (!*ret || !block_emit(&translation->path, true, emitter, translator->cut)) {
        *ret = 0;
        return NULL;
    }
    return tracee_write(translator->tracee, taddr_of(ENGINE_CUT), emitter->bytes, emitter->size);
}

/* --- Places and exits ------------------------------------------------------------------------ */

struct code_of_block translator_find_code(const struct translator *translator, uint64_t code)
{
    const struct block_parts *cut = translator->cut;
    if (code >= ENGINE_CUT && code < ENGINE_CUT + ENGINE_CUT_BYTES)
        return (struct code_of_block){&cut->block, cut->places, cut->exits};
    const struct block *block = cache_block_of_code(&translator->cache, code);
    if (!block)
        return (struct code_of_block){0};
    return (struct code_of_block){block, cache_places(&translator->cache, block),
                                  cache_exits(&translator->cache, block)};
}

const struct block_place *code_place(const struct code_of_block *of, uint64_t code)
{
    const struct block_place *place = NULL;
    for (uint32_t i = 0; of->block && i < of->block->place_count && of->places[i].code <= code; i++)
        place = &of->places[i];
    return place;
}

const struct block_exit *code_exit(const struct code_of_block *of, uint64_t code)
{
    static const struct block_exit unknown = {.kind = EXIT_INDIRECT};
    if (code == translator_unknown_trap())
        return &unknown;
    for (uint32_t i = 0; of->block && i < of->block->exit_count; i++)
        if (of->exits[i].trap == code)
            return &of->exits[i];
    return NULL;
}

/* --- Leading on ------------------------------------------------------------------------------ */

struct error *translator_link(struct translator *translator, const struct block_exit *exit,
                              const struct block *block)
{
    uint32_t offset = block->code - (exit->offset + 4);
    return tracee_write(translator->tracee, taddr_of(exit->offset), &offset, sizeof(offset));
}

struct error *translator_publish(struct translator *translator, const struct block *block)
{
    struct emitter *emitter = &translator->translation->emitter;
    taddr slot = taddr_of(ENGINE_TARGETS + (block->address & 0xffff) * 8);
    uint64_t next, entry = translator->code_end;
    struct error *error = tracee_read(translator->tracee, slot, &next, sizeof(next));
    if (error)
        return error;
    emit_begin(emitter, translator->code_end);
    emit_entry(emitter, block->address, block->code, (uint32_t)next);
    translator->code_end = emit_here(emitter);
    error = tracee_write(translator->tracee, taddr_of(entry), emitter->bytes, emitter->size);
    return error ? error : tracee_write(translator->tracee, slot, &entry, sizeof(entry));
}
