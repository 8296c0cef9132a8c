/*
 * What the kernel does to memory when a thread ends: it clears the word that set_tid_address(2) or
 * CLONE_CHILD_CLEARTID named, and marks the robust futexes that the thread still holds
 * (get_robust_list(2); kernel/futex/core.c, exit_robust_list). It would do so after the last stop
 * that we see, at a moment that nobody can repeat.
 *
 * So at the entry of exit we take both from the kernel (set_tid_address(0), an empty robust list),
 * do the same ourselves, as effects of that event, and wake the waiters:
 *
 *   seccomp stop of exit ─> set_tid_address instead ─> back on the instruction ─> seccomp stop of
 * exit ─> …
 *
 * A process that dies as a whole needs none of it, since its memory dies, too.
 */
#include <asm/unistd.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record/recorder.h"

/* At a call's entry: makes other calls in its place. The original entry is to be reached again
 * afterwards. */
static struct error *call_instead(struct task *task, long number, uint64_t first, uint64_t second,
                                  uint64_t third)
{
    struct user_regs_struct *regs;
    struct stop stop;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct user_regs_struct entry = *regs;
    regs->orig_rax = (uint64_t)number;
    regs->rdi = first;
    regs->rsi = second;
    regs->rdx = third;
    tracee_regs_changed(task->tracee);
    error = tracee_run(task->tracee, RUN_TO_CALL, 0);
    if (!error)
        error = tracee_wait(task->tracee, &stop);
    if (!error && stop.kind != STOP_CALL)
        error = &err_tracee_gone;
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    *regs = entry;
    regs->rax = entry.orig_rax;
    regs->rip -= 2;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(task->tracee);
    error = tracee_run(task->tracee, RUN_ON, 0);
    if (!error)
        error = tracee_wait(task->tracee, &stop);
    return !error && stop.kind != STOP_SECCOMP ? &err_tracee_gone : error;
}

/* Writes the word, as an effect. false: the program gave a bad address, or unmapped it. */
static struct error *set_word(struct recorder *recorder, struct task *task, uint64_t address,
                              uint32_t value, bool *ret)
{
    struct error *error = tracee_write(task->tracee, taddr_of(address), &value, sizeof(value));
    *ret = !error;
    error_free(error);
    return *ret ? draft_memory(&recorder->draft, task->tracee, taddr_of(address), sizeof(value))
                : NULL;
}

/* The kernel does not say PRIVATE here either. */
static struct error *wake_one(struct task *task, uint64_t address)
{
    return call_instead(task, __NR_futex, address, FUTEX_WAKE, 1);
}

static struct error *clear_child_tid(struct recorder *recorder, struct task *task)
{
    uint64_t address = task->clear_child_tid;
    bool written;
    struct error *error = call_instead(task, __NR_set_tid_address, 0, 0, 0);
    if (!error)
        error = set_word(recorder, task, address, 0, &written);
    task->clear_child_tid = 0;
    return error || !written ? error : wake_one(task, address);
}

/* --- Robust futexes -------------------------------------------------------------------------- */

#define PI_ENTRY                                                                                   \
    1ull /* in the lowest bit of a pointer to an entry: the futex inherits priority                \
          */

/* One futex of a thread that dies: its owner is noted as dead if that is the thread. `pending`: it
 * was just being taken or given back. */
static struct error *mark_futex(struct recorder *recorder, struct task *task, uint64_t address,
                                bool inherits, bool pending)
{
    uint32_t word;
    bool written;
    if (address % sizeof(word) ||
        tracee_read_some(task->tracee, taddr_of(address), &word, sizeof(word)) < sizeof(word))
        return NULL;
    if (pending && !inherits && !word)
        return wake_one(task, address);
    if ((word & FUTEX_TID_MASK) != (uint32_t)task->tid)
        return NULL;
    struct error *error =
        set_word(recorder, task, address, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &written);
    return !error && written && !inherits && word & FUTEX_WAITERS ? wake_one(task, address) : error;
}

static struct error *mark_robust_list(struct recorder *recorder, struct task *task,
                                      taddr head_address)
{
    struct robust_list_head head;
    struct error *error = NULL;
    if (tracee_read_some(task->tracee, head_address, &head, sizeof(head)) < sizeof(head))
        return NULL;
    uint64_t offset = (uint64_t)head.futex_offset, pending = (uint64_t)head.list_op_pending;
    uint64_t entry = (uint64_t)head.list.next;
    for (int left = ROBUST_LIST_LIMIT; !error && left; left--) {
        uint64_t next, at = entry & ~PI_ENTRY;
        if (at == head_address.value ||
            tracee_read_some(task->tracee, taddr_of(at), &next, sizeof(next)) < sizeof(next))
            break;
        if (at != (pending & ~PI_ENTRY))
            error = mark_futex(recorder, task, at + offset, entry & PI_ENTRY, false);
        entry = next;
    }
    if (!error && pending)
        error =
            mark_futex(recorder, task, (pending & ~PI_ENTRY) + offset, pending & PI_ENTRY, true);
    return error;
}

static struct error *leave_robust_list(struct recorder *recorder, struct task *task)
{
    void *head = NULL;
    size_t size;
    if (syscall(__NR_get_robust_list, task->tid, &head, &size) < 0 || !head)
        return NULL;
    struct error *error =
        call_instead(task, __NR_set_robust_list, 0, sizeof(struct robust_list_head), 0);
    return error ? error : mark_robust_list(recorder, task, taddr_of((uint64_t)head));
}

/* In the kernel's order: exit_mm_release(). */
struct error *add_thread_exit_effects(struct recorder *recorder, struct task *task)
{
    struct error *error = leave_robust_list(recorder, task);
    return !error && task->clear_child_tid ? clear_child_tid(recorder, task) : error;
}
