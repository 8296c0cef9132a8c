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
    if (bytes > REEL_AREA_END - at)
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
    free(call->pieces);
    call->pieces = NULL;
    call->piece_count = 0;
    call->block = NULL;
}

static bool read_memory(void *context, taddr address, void *bytes, size_t size)
{
    struct task *task = context;
    return tracee_read_some(task->tracee, address, bytes, size) == size;
}

static const struct scratch_piece *piece_at(const struct task *task, taddr address, uint64_t size)
{
    for (size_t i = 0; i < task->call.piece_count; i++) {
        const struct scratch_piece *piece = &task->call.pieces[i];
        uint64_t offset = address.value - piece->redirect.address.value;
        if (offset < piece->redirect.length && size <= piece->redirect.length - offset)
            return piece;
    }
    return NULL;
}

static uint64_t scratch_address(const struct scratch_piece *piece, taddr address)
{
    return piece->scratch + (address.value - piece->redirect.address.value);
}

static bool read_through_scratch(void *context, taddr address, void *bytes, size_t size)
{
    struct task *task = context;
    const struct scratch_piece *piece = piece_at(task, address, size);
    return read_memory(task, piece ? taddr_of(scratch_address(piece, address)) : address, bytes,
                       size);
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

/* Lays the pieces out in one block. */
static bool place_pieces(struct task *task, const struct call_redirects *redirects)
{
    struct pending_call *call = &task->call;
    uint64_t total = 0;
    for (size_t i = 0; i < redirects->count; i++) {
        if (redirects->redirect[i].length > REEL_SCRATCH_BYTES)
            return false;
        total += aligned(redirects->redirect[i].length);
    }
    call->pieces = calloc(redirects->count, sizeof(*call->pieces));
    call->block = call->pieces ? allocate(task->group, total) : NULL;
    if (!call->block)
        return false;
    uint64_t at = call->block->address;
    for (size_t i = 0; i < redirects->count; i++) {
        call->pieces[i] = (struct scratch_piece){.redirect = redirects->redirect[i], .scratch = at};
        at += aligned(redirects->redirect[i].length);
    }
    call->piece_count = redirects->count;
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
static struct error *point(struct task *task, const struct scratch_piece *piece, uint64_t target,
                           struct user_regs_struct *regs)
{
    const struct call_redirect *redirect = &piece->redirect;
    if (redirect->parent >= 0) {
        const struct scratch_piece *parent = &task->call.pieces[redirect->parent];
        return tracee_write(task->tracee, taddr_of(parent->scratch + redirect->offset), &target,
                            sizeof(target));
    }
    *argument_register(regs, redirect->argument) = target;
    tracee_regs_changed(task->tracee);
    return NULL;
}

static struct error *enter_scratch(struct task *task, struct user_regs_struct *regs)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < task->call.piece_count; i++) {
        const struct scratch_piece *piece = &task->call.pieces[i];
        if (piece->redirect.copy_in)
            error =
                copy(task, piece->redirect.address.value, piece->scratch, piece->redirect.length);
    }
    for (size_t i = 0; !error && i < task->call.piece_count; i++)
        error = point(task, &task->call.pieces[i], task->call.pieces[i].scratch, regs);
    return error;
}

struct error *scratch_redirect(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    if (task->call.piece_count == 0) { /* else the call restarts, with the pieces that it had */
        struct call_redirects redirects = {0};
        struct call call = call_of(&task->call.entry);
        struct memory_view view = {.read = read_memory, .context = task};
        error = call_redirects(&call, &view, &redirects);
        bool placed = !error && redirects.count && place_pieces(task, &redirects);
        call_redirects_deinit(&redirects);
        if (!placed)
            return error;
    }
    return enter_scratch(task, regs);
}

struct error *scratch_restore(struct task *task, struct user_regs_struct *regs)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < task->call.piece_count; i++)
        error =
            point(task, &task->call.pieces[i], task->call.pieces[i].redirect.address.value, regs);
    return error;
}

struct error *scratch_collect(struct task *task, const struct memory_ranges *ranges)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < ranges->count; i++) {
        const struct memory_range *range = &ranges->range[i];
        const struct scratch_piece *piece = piece_at(task, range->address, range->length);
        if (piece)
            error = copy(task, scratch_address(piece, range->address), range->address.value,
                         range->length);
    }
    return error;
}
