/*
 * Stubs lie within reach of a jump from their windows: in the reel area, where programs that are
 * not position-independent have it in reach, else in mappings of ours, far enough from the
 * program's that these can grow.
 */
#include <asm/unistd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "record/recorder.h"

#define AREA_BYTES 0x10000ul
#define REACH (0x7fffffffl - (int64_t)AREA_BYTES - WINDOW_BYTES_MAX)
#define FAR 0x40000000ul /* from the code that it is for */

static bool is_in_reach(uint64_t a, uint64_t b)
{
    int64_t distance = (int64_t)(a - b);
    return distance < REACH && distance > -REACH;
}

static struct error *map_at(struct task *task, uint64_t address, bool *done)
{
    struct fastpath *fast = &task->group->fast;
    const uint64_t arguments[6] = {address,
                                   AREA_BYTES,
                                   PROT_READ | PROT_EXEC,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                                   (uint64_t)-1,
                                   0};
    int64_t result;
    struct error *error = tracee_inject(task->tracee, __NR_mmap, arguments, &result);
    *done = !error && result == (int64_t)address;
    if (*done)
        fast->area[fast->areas++] =
            (struct stub_area){.start = address, .end = address + AREA_BYTES, .next = address};
    return error;
}

static struct error *announce(struct recorder *recorder, struct stub_area *area)
{
    const struct effect effect = {
        .kind = EFFECT_STUBS, .address = taddr_of(area->start), .length = area->end - area->start};
    if (area->announced)
        return NULL;
    area->announced = true;
    return draft_effect(&recorder->draft, &effect);
}

/* Below the code, where mappings seldom are; else above. */
static struct error *map_area(struct task *task, uint64_t code, struct stub_area **ret)
{
    static const int64_t distances[] = {-(int64_t)FAR, -(int64_t)FAR / 2, (int64_t)FAR / 2};
    struct fastpath *fast = &task->group->fast;
    bool done = false;
    struct error *error = NULL;
    *ret = NULL;
    for (size_t i = 0; !error && !done && i < ARRAY_LENGTH(distances); i++) {
        uint64_t address = page_down(code + (uint64_t)distances[i]);
        if (fast->areas == STUB_AREAS)
            return NULL;
        if (address >= PAGE_BYTES * 16 && address < 0x7ffffff00000ul)
            error = map_at(task, address, &done);
    }
    if (done)
        *ret = &fast->area[fast->areas - 1];
    return error;
}

static struct error *find_area(struct task *task, uint64_t code, struct stub_area **ret)
{
    struct fastpath *fast = &task->group->fast;
    for (size_t i = 0; i < fast->areas; i++) {
        *ret = &fast->area[i];
        if (is_in_reach((*ret)->start, code) && (*ret)->end - (*ret)->next >= STUB_BYTES)
            return NULL;
    }
    return map_area(task, code, ret);
}

static struct error *insert(struct fastpath *fast, const struct patched_window *window)
{
    if (fast->count == fast->capacity) {
        size_t capacity = fast->capacity ? fast->capacity * 2 : 64;
        struct patched_window *grown = reallocarray(fast->window, capacity, sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        fast->window = grown;
        fast->capacity = capacity;
    }
    size_t at = fast->count;
    while (at && fast->window[at - 1].start > window->start)
        at--;
    memmove(&fast->window[at + 1], &fast->window[at], (fast->count - at) * sizeof(*window));
    fast->window[at] = *window;
    fast->count++;
    return NULL;
}

/* The stub first: nobody may come to it before it is there. */
static struct error *put(struct recorder *recorder, struct task *task,
                         const struct patched_window *window, const struct stub *stub)
{
    const struct effect effect = {.kind = EFFECT_SITE,
                                  .address = taddr_of(window->start),
                                  .length = window->length,
                                  .site.stub = taddr_of(window->stub)};
    struct error *error = insert(&task->group->fast, window);
    if (!error)
        error = tracee_write_code(task->tracee, taddr_of(window->stub), stub->code, stub->size);
    if (!error)
        error =
            tracee_write_code(task->tracee, taddr_of(window->start), stub->jump, STUB_JUMP_BYTES);
    return error ? error : draft_effect(&recorder->draft, &effect);
}

struct error *fast_patch(struct recorder *recorder, struct task *task,
                         const struct patched_window *wanted, const uint8_t *original)
{
    struct patched_window window = *wanted;
    struct stub_area *area;
    struct stub stub;
    struct error *error = find_area(task, window.start, &area);
    if (error || !area)
        return error;
    window.stub = area->next;
    error = stub_make(original, window.length, taddr_of(window.start), taddr_of(window.stub),
                      taddr_of(HOOK_ENTRY), &stub);
    if (error) { /* not what it was thought to be: its calls stay traced */
        error_free(error);
        return NULL;
    }
    memcpy(window.original, original, sizeof(window.original));
    area->next += STUB_BYTES;
    error = announce(recorder, area);
    return error ? error : put(recorder, task, &window, &stub);
}
