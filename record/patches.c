/*
 * Patches: where memory becomes executable, the instructions in it that do not trap, and whose
 * answers come from outside, are made to trap: hlt in place of the first byte, which raises SIGSEGV
 * as rdtsc does (on_instruction.c). The trace has the same patches, so that replay arrives at the
 * same traps.
 *
 * All of it follows from the effects that an event has already: what maps, moves or drops memory.
 *
 * CAVEATS. The program sees the patches if it reads its code. Shared memory is not
 * patched: others see it, or it is a file. Memory that is writable and executable is searched when
 * it becomes executable, not when code is written later. A file that is written while it is mapped
 * executable does not show the write on pages with patches.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/cleanup.h"
#include "engine/sites/site_search.h"
#include "engine/tracee/maps.h"
#include "record/instruction.h"
#include "record/recorder.h"

#define INSTRUCTION_BYTES_MAX 15

/* --- Patching -------------------------------------------------------------------------------- */

static bool is_wanted(const struct task *task, const uint8_t *bytes, size_t size)
{
    struct instruction instruction;
    if (!instruction_decode(bytes, size, &instruction))
        return false;
    if (instruction.kind == INSTRUCTION_CPUID)
        return !task->group->cpuid_traps;
    return instruction.kind != INSTRUCTION_RDTSC && instruction.kind != INSTRUCTION_RDTSCP &&
           instruction_is_supported(instruction.kind);
}

static struct error *log_patch(struct recorder *recorder, struct task *task,
                               const struct site *site)
{
    struct effect effect = {.kind = EFFECT_PATCH,
                            .address = taddr_of(site->address),
                            .length = site->length,
                            .patch.original = site->original};
    struct error *error = site_list_add(&task->group->sites, site);
    return error ? error : draft_effect(&recorder->draft, &effect);
}

/* Sites that begin on one page, with one write. What does not stand there is left out. */
static struct error *patch_page(struct recorder *recorder, struct task *task,
                                const struct site *sites, size_t count)
{
    uint8_t bytes[PAGE_BYTES + INSTRUCTION_BYTES_MAX];
    uint64_t start = sites[0].address, span = sites[count - 1].address - start + 1;
    size_t size = tracee_read_some(task->tracee, taddr_of(start), bytes,
                                   (size_t)span + INSTRUCTION_BYTES_MAX - 1);
    struct error *error = NULL;
    bool changed = false;
    for (size_t i = 0; !error && i < count; i++) {
        size_t at = (size_t)(sites[i].address - start);
        if (at >= size || bytes[at] != sites[i].original || !is_wanted(task, bytes + at, size - at))
            continue;
        error = log_patch(recorder, task, &sites[i]);
        bytes[at] = PATCH_BYTE;
        changed = true;
    }
    return error || !changed ? error
                             : tracee_write(task->tracee, taddr_of(start), bytes,
                                            size < span ? size : (size_t)span);
}

/* `sites`: by the tracee's addresses. */
static struct error *patch(struct recorder *recorder, struct task *task,
                           const struct site_list *sites)
{
    struct error *error = NULL;
    for (size_t first = 0, behind; !error && first < sites->count; first = behind) {
        uint64_t page = page_down(sites->site[first].address);
        behind = first + 1;
        while (behind < sites->count && page_down(sites->site[behind].address) == page)
            behind++;
        error = patch_page(recorder, task, &sites->site[first], behind - first);
    }
    return error;
}

/* --- Memory of which nothing is known -------------------------------------------------------- */

/* At `start` is what `bytes` holds. What the program has overwritten is no site any more. */
static struct error *search_bytes(struct recorder *recorder, struct task *task, uint64_t start,
                                  uint8_t *bytes, size_t size)
{
    struct site_list *sites = &task->group->sites;
    struct site_list found = {0}, fresh = {0};
    for (size_t i = site_list_from(sites, start); i < sites->count;) {
        uint64_t offset = sites->site[i].address - start;
        if (offset >= size)
            break;
        if (bytes[offset] == PATCH_BYTE)
            i++;
        else
            site_list_cut(sites, start + offset, start + offset + 1);
    }
    site_list_restore(sites, start, bytes, size, PATCH_BYTE);
    struct error *error = sites_in_memory(bytes, size, &found);
    for (size_t i = 0; !error && i < found.count; i++) {
        struct site site = found.site[i];
        site.address += start;
        if (!site_list_at(sites, site.address))
            error = site_list_add(&fresh, &site);
    }
    if (!error)
        error = patch(recorder, task, &fresh);
    site_list_deinit(&found);
    site_list_deinit(&fresh);
    return error;
}

#define PIECE_BYTES (4ul << 20)

static struct error *search_run(struct recorder *recorder, struct task *task, uint64_t start,
                                uint64_t end)
{
    uint64_t longest = end - start < PIECE_BYTES ? end - start : PIECE_BYTES;
    CLEANUP(free) uint8_t *bytes = malloc(longest);
    struct error *error = bytes ? NULL : &err_no_memory;
    for (; !error && start < end; start += longest) {
        size_t want = end - start < longest ? end - start : longest;
        size_t size = tracee_read_some(task->tracee, taddr_of(start), bytes, want);
        error = search_bytes(recorder, task, start, bytes, size);
    }
    return error;
}

/* --- Ranges ---------------------------------------------------------------------------------- */

/* [start, end) shows stored contents from `offset` on. */
static struct error *patch_file(struct recorder *recorder, struct task *task, uint64_t start,
                                uint64_t end, const struct store_name *contents, uint64_t offset)
{
    const struct known_file *file;
    struct site_list here = {0};
    struct error *error = known_sites_of(&recorder->known_sites, recorder->store, contents, &file);
    if (error)
        return error;
    if (!file->is_program)
        return search_run(recorder, task, start, end);
    for (size_t i = site_list_from(&file->sites, offset); !error && i < file->sites.count; i++) {
        struct site site = file->sites.site[i];
        if (site.address - offset >= end - start)
            break;
        site.address = start + (site.address - offset);
        error = site_list_add(&here, &site);
    }
    if (!error)
        error = patch(recorder, task, &here);
    site_list_deinit(&here);
    return error;
}

static struct error *search_mapped(struct recorder *recorder, struct task *task, uint64_t start,
                                   uint64_t end, const struct mapped_range *file)
{
    if (file->shared)
        return NULL;
    return file->contents.hex[0] ? patch_file(recorder, task, start, end, &file->contents,
                                              file->offset + (start - file->start))
                                 : search_run(recorder, task, start, end);
}

/* Memory that is executable now. Pages of anonymous memory that the program never wrote hold
 * nothing. */
static struct error *search_range(struct recorder *recorder, struct task *task, uint64_t start,
                                  uint64_t end)
{
    size_t pages = (end - start) / PAGE_BYTES;
    CLEANUP(free) uint8_t *wanted = malloc(pages ? pages : 1);
    if (!wanted)
        return &err_no_memory;
    struct error *error = mapping_own_pages(task->tid, start, end, wanted);
    const struct mapped_ranges *files = &task->group->files;
    for (size_t i = 0; !error && i < files->count; i++) {
        const struct mapped_range *file = &files->range[i];
        uint64_t from = file->start > start ? file->start : start;
        uint64_t to = file->end < end ? file->end : end;
        if (from >= to)
            continue;
        memset(wanted + (from - start) / PAGE_BYTES, 0, (to - from) / PAGE_BYTES);
        error = search_mapped(recorder, task, from, to, file);
    }
    for (size_t first = 0, behind; !error && first < pages; first = behind) {
        behind = first + 1;
        while (behind < pages && wanted[behind] == wanted[first])
            behind++;
        if (wanted[first])
            error =
                search_run(recorder, task, start + first * PAGE_BYTES, start + behind * PAGE_BYTES);
    }
    return error;
}

/* --- Effects --------------------------------------------------------------------------------- */

/* A new mapping; `filled`: its contents follow, and are no stored file's. */
static struct error *follow_map(struct recorder *recorder, struct task *task,
                                const struct effect *map, bool filled)
{
    uint64_t start = map->address.value, end = start + map->length;
    site_list_cut(&task->group->sites, start, end);
    if (!(map->map.protection & PROT_EXEC) || map->map.object ||
        map->map.flags & (MAP_EFFECT_SHARED | MAP_EFFECT_STACK))
        return NULL;
    if (map->map.contents.hex[0]) {
        struct error *error =
            patch_file(recorder, task, start, end, &map->map.contents, map->map.offset);
        return error ? error
                     : fast_patch_known(recorder, task, start, end, &map->map.contents,
                                        map->map.offset);
    }
    return filled ? search_run(recorder, task, start, end) : NULL;
}

/* Memory was dropped: where a file shows again, its patches are gone. */
static struct error *renew(struct recorder *recorder, struct task *task, uint64_t start,
                           uint64_t end)
{
    struct site_list *sites = &task->group->sites, gone = {0};
    struct error *error = NULL;
    for (size_t i = site_list_from(sites, start);
         !error && i < sites->count && sites->site[i].address < end; i++) {
        uint8_t byte = 0;
        tracee_read_some(task->tracee, taddr_of(sites->site[i].address), &byte, 1);
        if (byte != PATCH_BYTE)
            error = site_list_add(&gone, &sites->site[i]);
    }
    for (size_t i = 0; i < gone.count; i++)
        site_list_cut(sites, gone.site[i].address, gone.site[i].address + 1);
    if (!error)
        error = patch(recorder, task, &gone);
    site_list_deinit(&gone);
    return error;
}

/* A mapping that grew shows more of its file; one that was left behind shows it again. */
static struct error *follow_remap(struct recorder *recorder, struct task *task,
                                  const struct effect *remap)
{
    uint64_t from = remap->remap.old_address.value, length = remap->remap.old_length;
    uint64_t to = remap->address.value, to_length = remap->length;
    struct mappings mappings;
    struct error *error = site_list_move(&task->group->sites, from, length, to, to_length);
    if (!error)
        error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    const struct mapping *mapping = mapping_at(&mappings, to);
    if (mapping && mapping->protection & PROT_EXEC && !mapping->shared) {
        error = search_range(recorder, task, to, to + to_length);
        if (!error && remap->remap.flags & MREMAP_DONTUNMAP)
            error = search_range(recorder, task, from, from + length);
    }
    mappings_deinit(&mappings);
    return error;
}

static struct error *follow(struct recorder *recorder, struct task *task,
                            const struct effect *effect, bool filled)
{
    uint64_t start = effect->address.value, end = start + effect->length;
    switch (effect->kind) {
    case EFFECT_MAP:
        return follow_map(recorder, task, effect, filled);
    case EFFECT_UNMAP:
        site_list_cut(&task->group->sites, start, end);
        return NULL;
    case EFFECT_PROTECT:
        return effect->protect.protection & PROT_EXEC ? search_range(recorder, task, start, end)
                                                      : NULL;
    case EFFECT_REMAP:
        return follow_remap(recorder, task, effect);
    case EFFECT_ADVISE:
        return renew(recorder, task, start, end);
    default:
        return NULL;
    }
}

struct error *add_patches(struct recorder *recorder, struct task *task)
{
    const struct draft *draft = &recorder->draft;
    struct error *error = NULL;
    for (size_t i = 0, count = draft->count; !error && i < count; i++) {
        bool filled = i + 1 < count && draft->effects[i + 1].kind == EFFECT_MEMORY;
        struct effect effect = draft->effects[i]; /* the array may move */
        error = follow(recorder, task, &effect, filled);
    }
    return error;
}
