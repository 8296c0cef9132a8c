/*
 * --check=memory: a hash of all writable private memory after each event, in pieces, so that replay
 * can say where it differs.
 *
 * Pages that the program never touched are taken for zero and not read, since reading would bring
 * them in, which mincore(2) shows.
 *
 * Left out is what is no part of the program's state: below each task's red zone, where the dynamic
 * linker's lazy binding leaves vector state whose form depends on which components the processor
 * has in use.
 */
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "engine/tracee/maps.h"
#include "engine/tracee/reel_page.h"
#include "record/recorder.h"

#define PIECE_BYTES (256ul * 1024)
#define RED_ZONE 128

static bool is_program_memory(const struct mapping *mapping)
{
    return mapping->protection & PROT_WRITE && !mapping->shared &&
           !(mapping->start >= REEL_PAGE && mapping->start < REEL_AREA_END);
}

/* What the piece holds; of anonymous memory only the pages that are there are read. */
static struct error *read_piece(struct task *task, bool anonymous, uint64_t start, uint64_t end,
                                uint8_t *bytes)
{
    uint8_t own[PIECE_BYTES / PAGE_BYTES + 1];
    uint64_t first = start & ~(PAGE_BYTES - 1), last = page_up(end);
    memset(bytes, 0, end - start);
    if (!anonymous) {
        tracee_read_some(task->tracee, taddr_of(start), bytes, end - start);
        return NULL;
    }
    struct error *error = mapping_own_pages(task->tid, first, last, own);
    for (uint64_t at = start, next; !error && at < end; at = next) {
        uint8_t is_own = own[(at - first) / PAGE_BYTES];
        next = (at & ~(PAGE_BYTES - 1)) + PAGE_BYTES;
        while (next < end && own[(next - first) / PAGE_BYTES] == is_own)
            next += PAGE_BYTES;
        if (is_own)
            tracee_read_some(task->tracee, taddr_of(at), bytes + (at - start),
                             (next < end ? next : end) - at);
    }
    return error;
}

static struct error *add_piece(struct recorder *recorder, struct task *task, bool anonymous,
                               uint64_t start, uint64_t end)
{
    static uint8_t bytes[PIECE_BYTES];
    struct error *error = read_piece(task, anonymous, start, end, bytes);
    struct effect effect = {.kind = EFFECT_CHECK,
                            .address = taddr_of(start),
                            .length = end - start,
                            .check.hash = XXH3_64bits(bytes, end - start)};
    return error ? error : draft_effect(&recorder->draft, &effect);
}

static struct error *add_range(struct recorder *recorder, struct task *task, bool anonymous,
                               uint64_t start, uint64_t end)
{
    struct error *error = NULL;
    for (; !error && start < end; start += PIECE_BYTES)
        error = add_piece(recorder, task, anonymous, start,
                          end - start < PIECE_BYTES ? end : start + PIECE_BYTES);
    return error;
}

/* The lowest red zone of a task's stack in [from, end): memory below it, down to `from`, is dead.
 */
static bool find_stack(const struct recorder *recorder, const struct group *group, uint64_t from,
                       uint64_t end, uint64_t *live)
{
    bool found = false;
    for (const struct task *task = recorder->tasks; task; task = task->next) {
        uint64_t pointer = task->stack_pointer - RED_ZONE;
        if (task->group == group && pointer >= from && pointer < end &&
            (!found || pointer < *live)) {
            *live = pointer;
            found = true;
        }
    }
    return found;
}

/* The dead part of a stack is at most this; larger regions hold several stacks, or a heap. */
#define DEAD_STACK_MAX (64ul << 20)

static struct error *add_mapping(struct recorder *recorder, struct task *task,
                                 const struct mapping *mapping)
{
    uint64_t start = mapping->start, live = 0;
    bool anonymous = mapping->inode == 0;
    struct error *error = NULL;
    while (!error && find_stack(recorder, task->group, start, mapping->end, &live)) {
        uint64_t dead = live - start > DEAD_STACK_MAX ? live - DEAD_STACK_MAX : start;
        error = add_range(recorder, task, anonymous, start, dead);
        start = live + RED_ZONE;
        if (!error)
            error = add_range(recorder, task, anonymous, live,
                              start < mapping->end ? start : mapping->end);
    }
    return error ? error : add_range(recorder, task, anonymous, start, mapping->end);
}

struct error *add_memory_check(struct recorder *recorder, struct task *task)
{
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    for (size_t i = 0; !error && i < mappings.count; i++)
        if (is_program_memory(&mappings.mapping[i]))
            error = add_mapping(recorder, task, &mappings.mapping[i]);
    mappings_deinit(&mappings);
    return error;
}
