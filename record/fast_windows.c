/*
 * Which windows are patched: those before a `syscall` that was executed, in this recording or in
 * one before, of code that a file is mapped for (window.h finds them, the store keeps them:
 * known_sites.h).
 *
 * A window must be as it was when the program may change it, move it or look behind it, and none is
 * patched that a task stands in the middle of, or may return to.
 */
#include <asm/unistd.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/fastpath/hook_image.h"
#include "record/recorder.h"

static bool is_served(uint64_t number)
{
    return number < HOOK_PLAN_CALLS && hook_plan()[number].shape != SHAPE_TRACED;
}

static bool is_patched(const struct fastpath *fast, uint64_t site)
{
    for (size_t i = 0; i < fast->count; i++)
        if (fast->window[i].start + fast->window[i].length == site)
            return true;
    return false;
}

static bool overlaps_patched(const struct fastpath *fast, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < fast->count; i++)
        if (fast->window[i].start < end && fast->window[i].start + fast->window[i].length > start)
            return true;
    return false;
}

/* Whether some task is, or may come back to, between its first instruction and the syscall. */
static bool is_occupied(const struct recorder *recorder, const struct group *group, uint64_t start,
                        uint64_t site)
{
    const struct fastpath *fast = &group->fast;
    for (unsigned i = 0; i < fast->interruptions; i++)
        if (fast->interrupted[i] > start && fast->interrupted[i] < site)
            return true;
    for (const struct task *task = recorder->tasks; task; task = task->next)
        if (task->group == group && task->last_exit.rip > start && task->last_exit.rip < site)
            return true;
    return false;
}

/* The window of `length` bytes before the syscall at `address`. */
static struct error *patch_window(struct recorder *recorder, struct task *task, uint64_t address,
                                  uint8_t length, const struct patched_window *origin)
{
    static const uint8_t call_instruction[] = {0x0f, 0x05};
    uint8_t bytes[WINDOW_BYTES_MAX + sizeof(call_instruction)];
    struct group *group = task->group;
    uint64_t start = address - length;
    if (length < WINDOW_BYTES_MIN || length > WINDOW_BYTES_MAX ||
        group->fast.interruptions == INTERRUPTED_MAX ||
        overlaps_patched(&group->fast, start, address + 2) ||
        is_occupied(recorder, group, start, address))
        return NULL;
    size_t size = length + sizeof(call_instruction);
    if (tracee_read_some(task->tracee, taddr_of(start), bytes, size) < size ||
        memcmp(bytes + length, call_instruction, sizeof(call_instruction)) != 0)
        return NULL;
    struct patched_window window = *origin;
    window.start = start;
    window.length = length;
    return fast_patch(recorder, task, &window, bytes);
}

struct error *fast_patch_site(struct recorder *recorder, struct task *task)
{
    const struct fastpath *fast = &task->group->fast;
    const struct user_regs_struct *entry = &task->call.entry;
    uint64_t site = entry->rip - 2;
    if (!fast->slot || fast->strangers || !is_served(entry->orig_rax) || is_patched(fast, site))
        return NULL;
    const struct mapped_range *file = mapped_ranges_at(&task->group->files, site);
    if (!file || file->shared || !file->contents.hex[0])
        return NULL;
    const struct patched_window origin = {
        .contents = file->contents, .site = file->offset + (site - file->start), .used = true};
    uint8_t length;
    struct error *error = known_window(&recorder->known_sites, recorder->store, &origin.contents,
                                       origin.site, &length);
    return error ? error : patch_window(recorder, task, site, length, &origin);
}

struct error *fast_patch_known(struct recorder *recorder, struct task *task, uint64_t start,
                               uint64_t end, const struct store_name *contents, uint64_t offset)
{
    const struct known_file *file;
    if (!task->group->fast.slot || task->group->fast.strangers)
        return NULL;
    struct error *error = known_sites_of(&recorder->known_sites, recorder->store, contents, &file);
    for (size_t i = 0; !error && i < file->window_count; i++) {
        const struct known_window *window = &file->window[i];
        const struct patched_window origin = {.contents = *contents, .site = window->site};
        uint64_t at = window->site - offset;
        if (window->site >= offset && at < end - start && window->length <= at &&
            known_window_is_usual(window))
            error = patch_window(recorder, task, start + at, window->length, &origin);
    }
    return error;
}

/* --- Undone ---------------------------------------------------------------------------------- */

struct error *fast_unpatch(struct task *task, struct patched_window *window)
{
    struct fastpath *fast = &task->group->fast;
    struct error *error = tracee_write_code(task->tracee, taddr_of(window->start), window->original,
                                            sizeof(window->original));
    fast->count--;
    memmove(window, window + 1, (fast->count - (size_t)(window - fast->window)) * sizeof(*window));
    return error;
}

static bool overlap(uint64_t start, uint64_t end, uint64_t other, uint64_t other_end)
{
    return start < other_end && other < end;
}

/* Of windows there, and of those whose stubs are. */
static struct error *unpatch_range(struct task *task, uint64_t start, uint64_t length)
{
    struct fastpath *fast = &task->group->fast;
    uint64_t end = length < UINT64_MAX - PAGE_BYTES - start ? page_up(start + length) : UINT64_MAX;
    struct error *error = NULL;
    for (size_t i = fast->count; !error && i > 0; i--) {
        struct patched_window *window = &fast->window[i - 1];
        if (overlap(start, end, window->start, window->start + window->length) ||
            overlap(start, end, window->stub, window->stub + STUB_BYTES))
            error = fast_unpatch(task, window);
    }
    for (size_t i = fast->areas; i > 0; i--)
        if (overlap(start, end, fast->area[i - 1].start, fast->area[i - 1].end))
            fast->area[i - 1] = fast->area[--fast->areas];
    return error;
}

struct error *fast_unpatch_for_call(struct task *task, const struct user_regs_struct *regs)
{
    if (!task->group->fast.count)
        return NULL;
    switch (regs->orig_rax) {
    case __NR_mmap:
        return regs->r10 & MAP_FIXED ? unpatch_range(task, regs->rdi, regs->rsi) : NULL;
    case __NR_munmap:
    case __NR_mprotect:
    case __NR_pkey_mprotect:
    case __NR_madvise:
        return unpatch_range(task, regs->rdi, regs->rsi);
    case __NR_mremap: {
        struct error *error = unpatch_range(task, regs->rdi, regs->rsi);
        if (!error && regs->r10 & MREMAP_FIXED)
            error = unpatch_range(task, regs->r8, regs->rdx);
        return error;
    }
    default:
        return NULL;
    }
}

/* --- Use ------------------------------------------------------------------------------------- */

void fast_note_use(struct fastpath *fast, uint64_t site)
{
    size_t low = 0, high = fast->count;
    while (low < high) { /* the last window that begins before the site */
        size_t middle = (low + high) / 2;
        if (fast->window[middle].start < site)
            low = middle + 1;
        else
            high = middle;
    }
    if (low && fast->window[low - 1].start + fast->window[low - 1].length == site)
        fast->window[low - 1].used = true;
}

void fast_count_uses(struct recorder *recorder, const struct fastpath *fast)
{
    for (size_t i = 0; i < fast->count; i++)
        if (!fast->window[i].inherited)
            known_window_count(&recorder->known_sites, &fast->window[i].contents,
                               fast->window[i].site, fast->window[i].used);
}

/* --- Interrupted code ------------------------------------------------------------------------ */

void fast_note_interrupted(struct group *group, uint64_t rip)
{
    struct fastpath *fast = &group->fast;
    for (unsigned i = 0; i < fast->interruptions; i++)
        if (fast->interrupted[i] == rip)
            return;
    if (fast->interruptions < INTERRUPTED_MAX)
        fast->interrupted[fast->interruptions++] = rip;
}

void fast_forget_interrupted(struct group *group, uint64_t rip)
{
    struct fastpath *fast = &group->fast;
    for (unsigned i = 0; i < fast->interruptions && fast->interruptions < INTERRUPTED_MAX; i++)
        if (fast->interrupted[i] == rip)
            fast->interrupted[i] = fast->interrupted[--fast->interruptions];
}
