/*
 * --check=memory: a hash of all writable private memory after each event, in pieces, so that replay
 * can say where it differs.
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

static struct error *add_piece(struct recorder *recorder, struct task *task, uint64_t start,
                               uint64_t end)
{
    static uint8_t bytes[PIECE_BYTES];
    size_t size = end - start;
    size_t got = tracee_read_some(task->tracee, taddr_of(start), bytes, size);
    memset(bytes + got, 0, size - got);
    struct effect effect = {.kind = EFFECT_CHECK,
                            .address = taddr_of(start),
                            .length = size,
                            .check.hash = XXH3_64bits(bytes, size)};
    return draft_effect(&recorder->draft, &effect);
}

static struct error *add_range(struct recorder *recorder, struct task *task, uint64_t start,
                               uint64_t end)
{
    struct error *error = NULL;
    for (; !error && start < end; start += PIECE_BYTES)
        error =
            add_piece(recorder, task, start, end - start < PIECE_BYTES ? end : start + PIECE_BYTES);
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
    struct error *error = NULL;
    while (!error && find_stack(recorder, task->group, start, mapping->end, &live)) {
        uint64_t dead = live - start > DEAD_STACK_MAX ? live - DEAD_STACK_MAX : start;
        error = add_range(recorder, task, start, dead);
        start = live + RED_ZONE;
        if (!error)
            error = add_range(recorder, task, live, start < mapping->end ? start : mapping->end);
    }
    return error ? error : add_range(recorder, task, start, mapping->end);
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
