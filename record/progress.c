#include "record/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/tracee/maps.h"

#define RED_ZONE 128
#define WORDS_IN_PAGE (PAGE_BYTES / sizeof(uint64_t))

/* How far below the stack pointer a word is taken for dead. */
#define DEAD_BYTES (1ul << 20)

void progress_deinit(struct progress *progress)
{
    free(progress->bytes);
    *progress = (struct progress){0};
}

/* --- Watching -------------------------------------------------------------------------------- */

static void add_page(struct progress *progress, uint64_t address)
{
    address &= ~(PAGE_BYTES - 1);
    for (size_t i = 0; i < progress->count; i++)
        if (progress->address[i] == address)
            return;
    if (progress->count < PROGRESS_PAGES)
        progress->address[progress->count++] = address;
}

#define POINTERS 17

static void pointers_of(const struct user_regs_struct *regs, uint64_t ret[POINTERS])
{
    const uint64_t pointers[POINTERS] = {regs->rsp, regs->rbp,    regs->rax, regs->rbx, regs->rcx,
                                         regs->rdx, regs->rsi,    regs->rdi, regs->r8,  regs->r9,
                                         regs->r10, regs->r11,    regs->r12, regs->r13, regs->r14,
                                         regs->r15, regs->fs_base};
    memcpy(ret, pointers, sizeof(pointers));
}

static void add_pages_of_registers(struct progress *progress, const struct page_ranges *written,
                                   const struct user_regs_struct *regs)
{
    uint64_t pointers[POINTERS];
    pointers_of(regs, pointers);
    for (size_t i = 0; i < POINTERS; i++)
        if (page_ranges_have(written, pointers[i]))
            add_page(progress, pointers[i]);
}

static void add_pages_evenly(struct progress *progress, const struct page_ranges *written)
{
    uint64_t pages = 0, skipped = 0;
    for (size_t i = 0; i < written->count; i++)
        pages += (written->range[i].end - written->range[i].start) / PAGE_BYTES;
    uint64_t stride = pages / (PROGRESS_PAGES - progress->count + 1) + 1;
    for (size_t i = 0; i < written->count; i++) {
        uint64_t at = written->range[i].start + skipped * PAGE_BYTES;
        for (; at < written->range[i].end; at += stride * PAGE_BYTES)
            add_page(progress, at);
        skipped = (at - written->range[i].end) / PAGE_BYTES;
    }
}

struct error *progress_watch(struct task *task, const struct page_ranges *written,
                             struct progress *progress)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    add_pages_of_registers(progress, written, regs);
    add_pages_evenly(progress, written);
    progress->bytes = malloc(PROGRESS_PAGES * PAGE_BYTES);
    if (!progress->bytes)
        return &err_no_memory;
    size_t kept = 0;
    for (size_t i = 0; i < progress->count; i++) {
        if (tracee_read_some(task->tracee, taddr_of(progress->address[i]),
                             progress->bytes + kept * PAGE_BYTES, PAGE_BYTES) == PAGE_BYTES)
            progress->address[kept++] = progress->address[i];
    }
    progress->count = kept;
    return NULL;
}

/* --- Choosing -------------------------------------------------------------------------------- */

struct candidates {
    uint64_t *address;
    size_t count;
};

static void compare_page(const struct progress *progress, size_t page, const uint64_t *now,
                         uint64_t stack, struct candidates *candidates)
{
    uint64_t before[WORDS_IN_PAGE];
    memcpy(before, progress->bytes + page * PAGE_BYTES, PAGE_BYTES);
    for (size_t i = 0; i < WORDS_IN_PAGE; i++) {
        uint64_t address = progress->address[page] + i * sizeof(uint64_t);
        bool dead = address < stack - RED_ZONE && stack - RED_ZONE - address < DEAD_BYTES;
        if (now[i] != before[i] && !dead)
            candidates->address[candidates->count++] = address;
    }
}

struct error *progress_choose(struct task *task, struct progress *progress)
{
    struct user_regs_struct *regs;
    uint64_t now[WORDS_IN_PAGE];
    struct error *error = tracee_regs(task->tracee, &regs);
    struct candidates candidates = {.address =
                                        error ? NULL : malloc((progress->count + 1) * PAGE_BYTES)};
    if (!candidates.address)
        return error ? error : &err_no_memory;
    for (size_t i = 0; i < progress->count; i++) {
        if (tracee_read_some(task->tracee, taddr_of(progress->address[i]), now, PAGE_BYTES) ==
            PAGE_BYTES)
            compare_page(progress, i, now, regs->rsp, &candidates);
    }
    size_t chosen = candidates.count < EVENT_WORDS_MAX ? candidates.count : EVENT_WORDS_MAX;
    for (size_t i = 0; i < chosen; i++)
        progress->changed[i] = candidates.address[i * candidates.count / chosen];
    progress->changed_count = chosen;
    free(candidates.address);
    return NULL;
}

/* --- Guessing -------------------------------------------------------------------------------- */

#define WORDS_A_POINTER 4

struct error *progress_guess(struct task *task, struct progress *progress)
{
    uint64_t pointers[POINTERS];
    struct user_regs_struct *regs;
    struct mappings mappings;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (!error)
        error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    pointers_of(regs, pointers);
    for (size_t i = 0; i < POINTERS; i++) {
        uint64_t address = pointers[i] & ~7ul;
        bool dead = address < regs->rsp && regs->rsp - address < DEAD_BYTES;
        const struct mapping *mapping = mapping_at(&mappings, address);
        if (!mapping || mapping->shared || !(mapping->protection & PROT_WRITE) || dead)
            continue;
        for (size_t k = 0; k < WORDS_A_POINTER && progress->changed_count < EVENT_WORDS_MAX &&
                           address + 8 * k < mapping->end;
             k++)
            progress->changed[progress->changed_count++] = address + 8 * k;
    }
    mappings_deinit(&mappings);
    return NULL;
}
