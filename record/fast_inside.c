/*
 * A task may be stopped in the hook, or in a stub on the way there: by a signal, an interruption of
 * ours, a fault in what the hook reads for the program. It stands between two of the program's
 * instructions then, and nobody is to see where. It is asked to stop when it leaves: right after
 * the call, which is an event (on_hook_left()); or at the program's own call, if the hook did not
 * serve it.
 */
#include <sys/wait.h>

#include "engine/tracee/reel_page.h"
#include "record/recorder.h"

static bool is_in_area(const struct fastpath *fast, uint64_t rip)
{
    for (size_t i = 0; i < fast->areas; i++)
        if (rip >= fast->area[i].start && rip < fast->area[i].end)
            return true;
    return false;
}

bool fast_is_inside(const struct task *task, uint64_t rip)
{
    return (rip >= REEL_PAGE && rip < REEL_AREA_END) || is_in_area(&task->group->fast, rip);
}

static struct error *set_leave(struct task *task, uint32_t leave)
{
    return tracee_write(task->tracee, taddr_of(HOOK_STATE + HOOK_STATE_LEAVE), &leave,
                        sizeof(leave));
}

struct error *fast_ask_to_leave(struct task *task)
{
    return task->group->fast.slot ? set_leave(task, 1) : NULL;
}

bool fast_has_left(const struct user_regs_struct *regs)
{
    return regs->rip == HOOK_LEAVE_CALL + 2;
}

/* Tasks of the group that were woken, and have come to the end of their calls meanwhile. */
static struct error *meet_woken(struct recorder *recorder, struct task *task)
{
    int status;
    struct error *error = NULL;
    sched_yield(); /* they are on this processor */
    for (struct task *other = recorder->tasks, *next; other && !error; other = next) {
        next = other->next;
        if (other != task && other->group == task->group && other->state == TASK_CALLING &&
            waitpid(other->tid, &status, __WALL | WNOHANG) == other->tid)
            error = dispatch_stop(recorder, other, stop_classify(status));
    }
    return error == &err_tracee_gone ? NULL : error;
}

static struct error *go_on_or_yield(struct recorder *recorder, struct task *task)
{
    struct hook_slot *slot = task->group->fast.slot;
    bool yields = slot->yields;
    slot->yields = 0;
    struct error *error = yields ? meet_woken(recorder, task) : NULL;
    if (error || !yields || task->held || !task->group->ready_first)
        return error ? error : go_on(recorder, task);
    return lose_turn(recorder, task, false);
}

struct error *on_hook_left(struct recorder *recorder, struct task *task)
{
    struct hook_state state;
    struct user_regs_struct *regs;
    struct error *error = tracee_read(task->tracee, taddr_of(HOOK_STATE), &state, sizeof(state));
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct user_regs_struct entry = *regs;
    error = take_back_call(task, &entry);
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (!error)
        error = set_leave(task, 0);
    if (error)
        return error;
    regs->rip = regs->rcx = state.resume_at;
    regs->r11 = regs->eflags;
    regs->rax = state.result;
    tracee_regs_changed(task->tracee);
    call_deinit(task);
    task->last_exit = *regs;
    task->trap_pending = false;
    fast_renew(task);
    return go_on_or_yield(recorder, task);
}

static struct patched_window *window_of_stub(struct fastpath *fast, uint64_t rip)
{
    for (size_t i = 0; i < fast->count; i++)
        if (rip >= fast->window[i].stub && rip < fast->window[i].stub + STUB_BYTES)
            return &fast->window[i];
    return NULL;
}

/* In an instruction that was moved to a stub: it is put back, and faults where it was. */
static struct error *put_back(struct task *task, struct patched_window *window,
                              struct user_regs_struct *regs)
{
    uint8_t original[WINDOW_BYTES_MAX];
    struct stub stub;
    struct patched_window was = *window;
    struct error *error = fast_unpatch(task, window);
    if (!error)
        error = tracee_read(task->tracee, taddr_of(was.start), original, was.length);
    if (!error)
        error = stub_make(original, was.length, taddr_of(was.start), taddr_of(was.stub),
                          taddr_of(HOOK_ENTRY), &stub);
    if (error)
        return error;
    regs->rip = was.start + stub_place(&stub, (uint8_t)(regs->rip - was.stub));
    tracee_regs_changed(task->tracee);
    return NULL;
}

struct error *fast_fault(struct recorder *recorder, struct task *task, bool *handled)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    *handled = false;
    if (error || !fast_is_inside(task, regs->rip))
        return error;
    struct patched_window *window = window_of_stub(&task->group->fast, regs->rip);
    if (window)
        return put_back(task, window, regs);
    if (regs->rip < HOOK_CODE || regs->rip >= HOOK_CODE + HOOK_CODE_BYTES)
        return NULL;
    uint32_t made;
    error = tracee_read(task->tracee, taddr_of(HOOK_STATE + offsetof(struct hook_state, made)),
                        &made, sizeof(made));
    if (error || made)
        return error ? error
                     : error_new("record it with -n", "what a call of task %d wrote cannot be read",
                                 task->tid);
    regs->rip = HOOK_NOT_SERVED;
    tracee_regs_changed(task->tracee);
    *handled = true;
    error = restore_signal_state(task);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}
