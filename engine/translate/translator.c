#include "engine/translate/translator_private.h"

#include <stdlib.h>
#include <string.h>

#include "engine/translate/doors.h"
#include "engine/translate/gates.h"
#include "engine/translate/layout.h"
#include "engine/translate/publish.h"
#include "engine/translate/watches.h"

/* Translated at a time; */
#define REGION_BLOCKS_MAX 16 /* in all, */
#define REGION_NEXT_MAX 4    /* and but for those that calls return to */
_Static_assert(REGION_BLOCKS_MAX <= PUBLISH_MAX, "all of them may be published");

/* --- Life ------------------------------------------------------------------------------------ */

void translator_destroy(struct translator *translator)
{
    if (!translator)
        return;
    cache_release(&translator->cache);
    code_pages_destroy(translator->pages);
    insn_memo_destroy(translator->memo);
    free(translator->translation);
    free(translator->cut);
    free(translator->found);
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
    translator->found = malloc(sizeof(*translator->found));
    struct error *error = code_pages_create(&translator->pages);
    if (!error)
        error = insn_memo_create(&translator->memo);
    if (!error && (!translator->translation || !translator->cut || !translator->found))
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
        error = map(context, ENGINE_GATES, ENGINE_GATES_BYTES, true);
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
    copy->found = parts.found;
    copy->pages = parts.pages;
    copy->memo = parts.memo;
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
    translator->stale = translator->any_doomed = false;
    code_pages_forget(translator->pages);
    error = gates_shut(translator);
    return error ? error : write_unknown(translator);
}

struct error *translator_prepare(struct translator *translator,
                                 const struct run_conditions *conditions)
{
    struct error *error = gates_add(translator, conditions);
    watches_choose(translator, conditions);
    if (!error && translator->stale)
        error = flush(translator);
    if (!error)
        error = doors_shut_doomed(translator);
    if (!error && !translator->ranges_known)
        error = translator_read_ranges(translator);
    if (!error)
        error = watches_set(translator, conditions);
    return error ? error : gates_set(translator, conditions);
}

/* --- Translating ----------------------------------------------------------------------------- */

/* The program's code, where it is as checked as it is where the path begins. */
struct source {
    struct translator *translator;
    bool checked;
};

static size_t fetch(void *context, uint64_t address, const uint8_t **ret)
{
    const struct source *source = context;
    struct translator *translator = source->translator;
    const struct code_range *range = translator_range_at(translator, address);
    if (!range || range->checked != source->checked)
        return 0;
    size_t size = range->end - address < INSN_BYTES_MAX ? range->end - address : INSN_BYTES_MAX;
    return code_pages_fetch(translator->pages, translator->tracee, address, size, ret);
}

/* Before gates, and before what a run with watches has to step. */
static bool ends_before(void *context, uint64_t address)
{
    const struct source *source = context;
    const uint8_t *bytes;
    if (gate_at(source->translator, address))
        return true;
    unsigned watched = source->translator->watches.sites.watched;
    if (!watched)
        return false;
    size_t size = fetch(context, address, &bytes);
    return !watch_can_check(bytes, size, address, watched);
}

/* Returns whether the path is of code that the program may rewrite. */
static bool find_path(struct translator *translator, uint64_t address, uint64_t limit, bool cut)
{
    const struct code_range *range = translator_range_at(translator, address);
    struct source source = {translator, range && range->checked};
    const struct code_source code = {
        .fetch = fetch, .ends_before = ends_before, .context = &source, .memo = translator->memo};
    const struct path_limits limits = {.insns = limit < PATH_INSNS_MAX ? (uint32_t)limit
                                                                       : PATH_INSNS_MAX,
                                       .straight = source.checked,
                                       .returns_end = cut};
    if (source.checked)
        code_pages_forget(translator->pages); /* it may have changed unseen */
    path_find(&code, address, limits, &translator->translation->path);
    return source.checked;
}

/* The addresses to be translated at a time: the one that is wanted, and what blocks lead to. */
struct region {
    uint64_t addresses[REGION_BLOCKS_MAX];
    bool is_return[REGION_BLOCKS_MAX]; /* will be looked for by an indirect branch */
    uint32_t count, next_count;
    uint32_t first_block;
};

static void want(const struct translator *translator, struct region *region, uint64_t address,
                 bool is_return)
{
    if (region->count == REGION_BLOCKS_MAX ||
        (!is_return && region->next_count == REGION_NEXT_MAX) || gate_at(translator, address) ||
        cache_find(&translator->cache, address))
        return;
    for (uint32_t i = 0; i < region->count; i++)
        if (region->addresses[i] == address)
            return;
    region->next_count += !is_return;
    region->is_return[region->count] = is_return;
    region->addresses[region->count++] = address;
}

static bool is_call(const struct insn *insn)
{
    return insn->kind == INSN_CALL || insn->kind == INSN_CALL_INDIRECT;
}

/* What a block leads to, and what the calls in it return to. */
static void want_next(const struct translator *translator, struct region *region)
{
    const struct translation *translation = translator->translation;
    for (uint32_t i = 0; i < translation->parts.block.exit_count; i++)
        if (translation->parts.exits[i].kind == EXIT_DIRECT)
            want(translator, region, translation->parts.exits[i].target, false);
    for (uint32_t i = 0; i < translation->path.count; i++) {
        const struct insn *insn = &translation->path.insns[i].insn;
        if (is_call(insn))
            want(translator, region, insn->address + insn->length, true);
    }
}

static struct error *translate_block(struct translator *translator, struct region *region,
                                     uint64_t address)
{
    struct translation *translation = translator->translation;
    struct block *block = &translation->parts.block;
    size_t before = translation->emitter.size;
    bool checked = find_path(translator, address, PATH_INSNS_MAX, false);
    if (!translation->path.count)
        return NULL;
    if (!block_emit(&translation->path, checked ? BLOCK_CHECKED : BLOCK_PLAIN,
                    &translator->watches.sites, &translation->emitter, &translation->parts) ||
        translation->emitter.size > EMIT_MAX - PUBLISH_BYTES_MAX) {
        translation->emitter.size = before; /* full: another time */
        return NULL;
    }
    block->door = door_for(translator, block, cache_find(&translator->cache, address));
    struct error *error = cache_add(&translator->cache, &translation->parts);
    if (!error)
        want_next(translator, region);
    return error;
}

/* Points the exits of the new blocks at blocks that are known. */
static void link_region(struct translator *translator, const struct region *region)
{
    const struct cache_view *view = &translator->cache;
    struct emitter *emitter = &translator->translation->emitter;
    for (uint32_t i = region->first_block; i < view->blocks; i++) {
        const struct block *block = cache_block(view, i);
        const struct block_exit *exits = translator->found->exits;
        cache_unpack(view, block, translator->found);
        for (uint32_t j = 0; j < block->exit_count; j++) {
            const struct block *target =
                exits[j].kind == EXIT_DIRECT ? cache_find(view, exits[j].target) : NULL;
            if (target)
                emit_point(emitter, exits[j].offset - emitter->base, target->door);
        }
    }
}

/* The new blocks that calls will return to. Returns their number. */
static size_t find_returns(const struct translator *translator, const struct region *region,
                           const struct block *ret[PUBLISH_MAX])
{
    size_t count = 0;
    for (uint32_t i = region->first_block; i < translator->cache.blocks; i++) {
        const struct block *block = cache_block(&translator->cache, i);
        for (uint32_t j = 0; j < region->count; j++)
            if (region->is_return[j] && region->addresses[j] == block->address)
                ret[count++] = block;
    }
    return count;
}

static struct error *write_region(struct translator *translator, const struct region *region)
{
    struct emitter *emitter = &translator->translation->emitter;
    const struct block *returns[PUBLISH_MAX];
    struct tracee_piece pieces[1 + PUBLISH_MAX];
    uint64_t words[PUBLISH_MAX];
    size_t count = find_returns(translator, region, returns);
    struct error *error = publish_emit(translator, returns, count, words, pieces + 1);
    if (error)
        return error;
    translator->code_end = emit_here(emitter);
    pieces[0] = (struct tracee_piece){taddr_of(emitter->base), emitter->bytes, emitter->size};
    error = tracee_write_pieces(translator->tracee, pieces, 1 + count);
    for (uint32_t i = region->first_block; !error && i < translator->cache.blocks; i++)
        error = door_open(translator, cache_block(&translator->cache, i));
    return error;
}

static struct error *translate(struct translator *translator, uint64_t address)
{
    struct region region = {.addresses = {address},
                            .count = 1,
                            .next_count = 1,
                            .first_block = translator->cache.blocks};
    struct error *error = NULL;
    emit_begin(&translator->translation->emitter, translator->code_end);
    for (uint32_t i = 0; !error && i < region.count; i++)
        error = translate_block(translator, &region, region.addresses[i]);
    if (error || translator->cache.blocks == region.first_block)
        return error;
    link_region(translator, &region);
    return write_region(translator, &region);
}

static bool is_full(const struct translator *translator)
{
    return translator->code_end > ENGINE_CODE + ENGINE_CODE_BYTES - EMIT_MAX;
}

const struct block *translator_known_block(const struct translator *translator, uint64_t address)
{
    const struct block *block = cache_find(&translator->cache, address);
    return block && block->state == BLOCK_LIVE ? block : NULL;
}

struct error *translator_block(struct translator *translator, uint64_t address,
                               const struct block **ret)
{
    *ret = translator_known_block(translator, address);
    if (*ret || !translator_range_at(translator, address))
        return NULL;
    struct error *error = is_full(translator) ? flush(translator) : NULL;
    if (!error && !translator->ranges_known)
        error = translator_read_ranges(translator);
    if (!error)
        error = translate(translator, address);
    if (!error)
        *ret = translator_known_block(translator, address);
    return error;
}

struct error *translator_cut(struct translator *translator, uint64_t address, uint64_t limit,
                             uint32_t *ret)
{
    struct translation *translation = translator->translation;
    struct emitter *emitter = &translation->emitter;
    emit_begin(emitter, ENGINE_CUT);
    find_path(translator, address, limit, true);
    *ret = translation->path.count;
    if (!*ret || !block_emit(&translation->path, BLOCK_CUT, &translator->watches.sites, emitter,
                             translator->cut)) {
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
    cache_unpack(&translator->cache, block, translator->found);
    return (struct code_of_block){block, translator->found->places, translator->found->exits};
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
