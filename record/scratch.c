/*
 * Scratch memory: where the kernel writes the results of a call that blocks while other tasks of
 * the group run.
 *
 * Before the call, each pointer that leads to memory which the kernel writes is made to point into
 * the scratch area of the address space (reel_page.h); at the exit, when the task has the turn
 * again, the pointers are put back, and what the kernel wrote is copied to where the program wants
 * it. So the program's memory changes at a moment that the trace names.
 *
 *   argument ──> msghdr (copy) ──> iovec (copy) ──> buffer          original pointers kept in
 * scratch_piece.redirect
 *
 * Where scratch memory runs out, the call writes in place: right as long as no other task looks too
 * early.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/tracee/reel_page.h"
#include "record/recorder.h"

struct scratch_block {
    uint64_t address, bytes;
    struct scratch_block *next;
};

#define ALIGNMENT 64ul

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/* First fit between the blocks in use; NULL if there is no room (or no memory). */
static struct scratch_block *allocate(struct group *group, uint64_t bytes)
{
    struct scratch_block **link = &group->scratch;
    uint64_t at = REEL_SCRATCH;
    while (*link && (*link)->address - at < bytes) {
        at = (*link)->address + (*link)->bytes;
        link = &(*link)->next;
    }
    if (bytes > REEL_SCRATCH_END - at)
        return NULL;
    struct scratch_block *block = malloc(sizeof(*block));
    if (!block)
        return NULL;
    *block = (struct scratch_block){.address = at, .bytes = bytes, .next = *link};
    *link = block;
    return block;
}

void scratch_release(struct task *task)
{
    struct pending_call *call = &task->call;
    for (struct scratch_block **link = &task->group->scratch; call->block && *link;
         link = &(*link)->next) {
        if (*link != call->block)
            continue;
        *link = call->block->next;
        free(call->block);
        break;
    }
    free(call->scratch);
    call_redirects_deinit(&call->redirects);
    call->scratch = NULL;
    call->block = NULL;
}

static bool read_memory(void *context, taddr address, void *bytes, size_t size)
{
    struct task *task = context;
    return tracee_read_some(task->tracee, address, bytes, size) == size;
}

/* Where the program's memory at `address` is while the call blocks. */
static taddr in_scratch(const struct task *task, taddr address, uint64_t size)
{
    const struct call_redirects *redirects = &task->call.redirects;
    for (size_t i = 0; i < redirects->count; i++) {
        const struct call_redirect *piece = &redirects->redirect[i];
        uint64_t offset = address.value - piece->address.value;
        if (offset < piece->length && size <= piece->length - offset)
            return taddr_of(task->call.scratch[i] + offset);
    }
    return address;
}

static bool read_through_scratch(void *context, taddr address, void *bytes, size_t size)
{
    return read_memory(context, in_scratch(context, address, size), bytes, size);
}

struct memory_view task_view(struct task *task)
{
    return (struct memory_view){.read = read_through_scratch, .context = task};
}

static struct call call_of(const struct user_regs_struct *entry)
{
    return (struct call){
        .number = entry->orig_rax,
        .argument = {entry->rdi, entry->rsi, entry->rdx, entry->r10, entry->r8, entry->r9}};
}

/* Lays the pieces out in one block; without room they are forgotten, and the call writes in place.
 */
static bool place_pieces(struct task *task)
{
    struct pending_call *call = &task->call;
    const struct call_redirects *redirects = &call->redirects;
    uint64_t total = 0;
    for (size_t i = 0; i < redirects->count; i++) {
        if (redirects->redirect[i].length > REEL_SCRATCH_BYTES)
            return false;
        total += aligned(redirects->redirect[i].length);
    }
    call->scratch = calloc(redirects->count + 1, sizeof(*call->scratch));
    call->block = call->scratch ? allocate(task->group, total) : NULL;
    if (!call->block)
        return false;
    uint64_t at = call->block->address;
    for (size_t i = 0; i < redirects->count; i++) {
        call->scratch[i] = at;
        at += aligned(redirects->redirect[i].length);
    }
    return true;
}

static struct error *copy(struct task *task, uint64_t from, uint64_t to, uint64_t length)
{
    uint8_t piece[16384];
    struct error *error = NULL;
    for (uint64_t done = 0; !error && done < length; done += sizeof(piece)) {
        uint64_t size = length - done < sizeof(piece) ? length - done : sizeof(piece);
        size = tracee_read_some(task->tracee, taddr_of(from + done), piece, size);
        error = tracee_write(task->tracee, taddr_of(to + done), piece, size);
    }
    return error;
}

static uint64_t *argument_register(struct user_regs_struct *regs, uint32_t argument)
{
    unsigned long long *const registers[CALL_ARGUMENTS] = {&regs->rdi, &regs->rsi, &regs->rdx,
                                                           &regs->r10, &regs->r8,  &regs->r9};
    return (uint64_t *)registers[argument];
}

/* Makes what leads to the piece lead to its scratch (or back to the program's memory). */
static struct error *point(struct task *task, size_t piece, uint64_t target,
                           struct user_regs_struct *regs)
{
    const struct call_redirect *redirect = &task->call.redirects.redirect[piece];
    if (redirect->parent >= 0) {
        uint64_t parent = task->call.scratch[redirect->parent];
        return tracee_write(task->tracee, taddr_of(parent + redirect->offset), &target,
                            sizeof(target));
    }
    *argument_register(regs, redirect->argument) = target;
    tracee_regs_changed(task->tracee);
    return NULL;
}

static struct error *enter_scratch(struct task *task, struct user_regs_struct *regs)
{
    const struct call_redirects *redirects = &task->call.redirects;
    struct error *error = NULL;
    for (size_t i = 0; !error && i < redirects->count; i++)
        if (redirects->redirect[i].copy_in)
            error = copy(task, redirects->redirect[i].address.value, task->call.scratch[i],
                         redirects->redirect[i].length);
    for (size_t i = 0; !error && i < redirects->count; i++)
        error = point(task, i, task->call.scratch[i], regs);
    return error;
}

struct error *scratch_redirect(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    if (task->call.redirects.count) /* the call restarts, with the pieces that it had */
        return enter_scratch(task, regs);
    struct call call = call_of(&task->call.entry);
    struct memory_view view = {.read = read_memory, .context = task};
    error = call_redirects(&call, &view, &task->call.redirects);
    if (error || !task->call.redirects.count)
        return error;
    if (place_pieces(task))
        return enter_scratch(task, regs);
    scratch_release(task);
    return NULL;
}

struct error *scratch_restore(struct task *task, struct user_regs_struct *regs)
{
    const struct call_redirects *redirects = &task->call.redirects;
    struct error *error = NULL;
    for (size_t i = 0; !error && i < redirects->count; i++)
        error = point(task, i, redirects->redirect[i].address.value, regs);
    return error;
}

struct error *scratch_collect(struct task *task, struct memory_ranges *ranges)
{
    struct error *error = NULL;
    memory_ranges_clip(ranges, &task->call.redirects);
    for (size_t i = 0; !error && i < ranges->count; i++) {
        const struct memory_range *range = &ranges->range[i];
        taddr scratch = in_scratch(task, range->address, range->length);
        if (scratch.value != range->address.value)
            error = copy(task, scratch.value, range->address.value, range->length);
    }
    return error;
}
