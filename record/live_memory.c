#include "record/live_memory.h"

#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "engine/tracee/reel_page.h"

#define RED_ZONE 128

bool is_program_memory(const struct mapping *mapping)
{
    return mapping->protection & PROT_WRITE &&
           !(mapping->start >= REEL_PAGE && mapping->start < REEL_AREA_END);
}

/* --- Pieces ---------------------------------------------------------------------------------- */

/* What the piece holds; of anonymous memory only the pages that are there are read. */
static struct error *read_piece(struct task *task, const struct memory_piece *piece, uint8_t *bytes)
{
    uint8_t own[PIECE_BYTES_MAX / PAGE_BYTES + 1];
    uint64_t start = piece->start, end = piece->end;
    uint64_t first = start & ~(PAGE_BYTES - 1), last = page_up(end);
    memset(bytes, 0, end - start);
    if (!piece->anonymous) {
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

struct error *hash_piece(struct task *task, const struct memory_piece *piece, uint64_t *ret)
{
    static uint8_t bytes[PIECE_BYTES_MAX];
    struct error *error = read_piece(task, piece, bytes);
    *ret = XXH3_64bits(bytes, piece->end - piece->start);
    return error;
}

/* --- What is alive --------------------------------------------------------------------------- */

struct walk {
    struct recorder *recorder;
    struct task *task;
    const struct mapping *mapping;
    uint64_t from, to, bytes; /* what is asked for */
    struct error *(*take)(struct recorder *, struct task *, const struct memory_piece *);
};

static struct error *take_range(const struct walk *walk, uint64_t start, uint64_t end)
{
    struct error *error = NULL;
    start = start > walk->from ? start : walk->from;
    end = end < walk->to ? end : walk->to;
    for (uint64_t next; !error && start < end; start = next) {
        next = (start / walk->bytes + 1) * walk->bytes;
        struct memory_piece piece = {.start = start,
                                     .end = next < end ? next : end,
                                     .anonymous =
                                         walk->mapping->inode == 0 && !walk->mapping->shared};
        error = walk->take(walk->recorder, walk->task, &piece);
    }
    return error;
}

/* The lowest red zone of a task's stack in [from, end): memory below it is dead. */
static bool find_stack(const struct walk *walk, uint64_t from, uint64_t end, uint64_t *live)
{
    bool found = false;
    for (const struct task *task = walk->recorder->tasks; task; task = task->next) {
        uint64_t pointer = task->stack_pointer - RED_ZONE;
        if (task->group == walk->task->group && pointer >= from && pointer < end &&
            (!found || pointer < *live)) {
            *live = pointer;
            found = true;
        }
    }
    return found;
}

/* The dead part of a stack is at most this; larger regions hold several stacks, or a heap. */
#define DEAD_STACK_MAX (64ul << 20)

/* In memory that may be a heap with stacks in it: the frame of the dynamic linker's resolver. */
#define DEAD_HEAP_MAX (16ul << 10)

struct error *
live_pieces(struct recorder *recorder, struct task *task, const struct mapping *mapping,
            enum dead_memory dead, uint64_t from, uint64_t to, uint64_t bytes,
            struct error *(*take)(struct recorder *, struct task *, const struct memory_piece *))
{
    const struct walk walk = {.recorder = recorder,
                              .task = task,
                              .mapping = mapping,
                              .from = from,
                              .to = to,
                              .bytes = bytes,
                              .take = take};
    bool is_stack = dead == DEAD_GENEROUS || mapping->guarded || !strcmp(mapping->name, "[stack]");
    uint64_t most = is_stack ? DEAD_STACK_MAX : DEAD_HEAP_MAX;
    uint64_t start = mapping->start, live = 0;
    struct error *error = NULL;
    while (!error && find_stack(&walk, start, mapping->end, &live)) {
        error = take_range(&walk, start, live - start > most ? live - most : start);
        start = live + RED_ZONE;
        if (!error)
            error = take_range(&walk, live, start < mapping->end ? start : mapping->end);
    }
    return error ? error : take_range(&walk, start, mapping->end);
}
