/*
 * From the slot into the trace. One task of a group runs at a time, and it writes the entries in
 * the order of its calls; at each stop of the group all that is there is logged before anything
 * else is. A task may be stopped by another one's affairs in the middle of the hook: then the slot
 * goes on growing, until its own task stands outside.
 */
#include <asm/unistd.h>

#include "record/recorder.h"

static struct error *junk(const struct task *task)
{
    return error_new("record it with -n, which does without that buffer",
                     "process %d has written over the buffer of its recorded calls",
                     task->process->pid);
}

/* What the recorder follows of a task, and may have changed. */
static void follow(struct task *task, const uint8_t *entries, size_t size)
{
    struct call_entry entry = {0};
    uint64_t last = 0;
    bool changes_mask = false;
    for (size_t at = 0; at < size; at += entry.bytes) {
        entry = call_entry_at(entries + at);
        if (entry.rip != last)
            fast_note_use(&task->group->fast, entry.rip - 2);
        last = entry.rip;
        changes_mask = changes_mask || entry.number == __NR_rt_sigprocmask;
    }
    task->stack_pointer = entry.rsp;
    task->boundary_signals = 0;
    task->last_exit.rip = 0; /* nothing is known to stand at its last event */
    task->mask_changed = task->mask_changed || changes_mask;
}

struct error *fast_follow_mask(struct task *task)
{
    if (!task->mask_changed)
        return NULL;
    task->mask_changed = false;
    return tracee_get_sigmask(task->tracee, &task->signal_mask);
}

void fast_show_mask(const struct task *task)
{
    if (task->group->fast.slot)
        task->group->fast.slot->fault_blocked = task->signal_mask >> (SIGSEGV - 1) & 1;
}

struct error *fast_drain(struct recorder *recorder, struct group *group)
{
    struct fastpath *fast = &group->fast;
    struct task *task = group->current;
    if (!fast->slot)
        return NULL;
    uint32_t used = __atomic_load_n(&fast->slot->used, __ATOMIC_ACQUIRE);
    if (used == fast->drained || !task)
        return NULL;
    if (used < fast->drained || used > sizeof(fast->slot->entries))
        return junk(task);
    const uint8_t *entries = fast->slot->entries + fast->drained;
    struct call_entries good = call_entries_check(entries, used - fast->drained);
    if (good.size != used - fast->drained)
        return junk(task);
    trace_writer_calls(recorder->writer, group->stream, (uint32_t)task->tid, entries, good.size);
    fast->drained = used;
    recorder->statistics.events += good.count;
    recorder->statistics.calls += good.count;
    recorder->statistics.fast_calls += good.count;
    follow(task, entries, good.size);
    return NULL;
}

void fast_renew(struct task *task)
{
    struct fastpath *fast = &task->group->fast;
    if (!fast->slot)
        return;
    fast->slot->used = fast->drained = 0;
    fast->slot->stop = fast->strangers || task->held;
}

void fast_stop_at_call(struct group *group)
{
    if (group->fast.slot)
        group->fast.slot->stop = 1;
}

void fast_set_alone(struct group *group)
{
    if (group->fast.slot)
        group->fast.slot->alone = !group->ready_first;
}
