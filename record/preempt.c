/*
 * Asynchronous points: a task that makes no calls is interrupted, when others have waited for their
 * turn long enough, or a signal for it has.
 *
 * It may stand anywhere. On the way out of a call nothing has been executed since the last event:
 * the point is right there. In a string instruction with a rep prefix it is run to the end of that,
 * since replay counts it as one. A call that an interruption meets at its entry would fail: it is
 * taken back and made again.
 */
#include <errno.h>
#include <sys/wait.h>

#include "record/observe.h"

/* --- When ------------------------------------------------------------------------------------ */

/* For a task that waits in a loop for what another task writes. */
#define SPIN_SLICE_NS 2000000ull

/* Whether its calls may go unseen. */
static bool makes_untraced_calls(const struct task *task)
{
    const struct hook_slot *slot = task->group->fast.slot;
    return slot && !slot->stop;
}

/* When the task is to be interrupted, or its next call traced; UINT64_MAX: not as things are. */
static uint64_t due_time(const struct task *task)
{
    uint64_t due = UINT64_MAX;
    if (is_delayed(task))
        return task->group->delayed_until;
    if (task->state != TASK_RUNNING || task->interrupted || task->in_group_stop ||
        task->call_taken_back || task->call.active || !task->group || task->group->current != task)
        return due;
    if (task->group->ready_first) {
        uint64_t slice = task->slice ? task->slice : SLICE_NS;
        if (makes_untraced_calls(task) && slice > CALL_SLICE_NS)
            slice = CALL_SLICE_NS;
        due = task->group->slice_start + slice;
    }
    for (const struct held_signal *held = task->held; held; held = held->next) {
        if (held->sent) /* it is about to be delivered where the task stands */
            return UINT64_MAX;
        bool blocked = !task->mask_changed && task->signal_mask >> (held->info.si_signo - 1) & 1;
        if (!blocked && held->due < due)
            due = held->due;
    }
    return due;
}

/* Not if a stop of the task is there already, which is then looked at first. */
static struct error *interrupt(struct task *task)
{
    siginfo_t info = {.si_pid = 0};
    waitid(P_PID, (id_t)task->tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
    task->interrupted = true;
    if (info.si_pid)
        return NULL;
    task->trap_pending = true;
    return tracee_interrupt(task->tracee);
}

/* Interrupts the tasks whose time is over. *next: when the first of the others' is. */
static struct error *interrupt_due(struct recorder *recorder, uint64_t now, uint64_t *next)
{
    bool woken = false;
    struct error *error = wake_delayed(recorder, now, &woken);
    *next = woken ? now : UINT64_MAX;
    for (struct task *task = recorder->tasks; task && !error && !woken; task = task->next) {
        uint64_t due = due_time(task);
        if (due <= now && makes_untraced_calls(task)) {
            fast_stop_at_call(task->group);
            due = due_time(task);
        }
        if (due <= now)
            error = interrupt(task);
        else if (due < *next)
            *next = due;
    }
    return error == &err_tracee_gone ? NULL : error;
}

struct error *wait_any(struct recorder *recorder, pid_t *tid, int *status)
{
    bool timed = recorder->give_up_at != UINT64_MAX || recorder->look_at != UINT64_MAX;
    uint64_t now = recorder->waiting || timed ? monotonic_now() : 0, next = UINT64_MAX;
    struct error *error = recorder->waiting ? interrupt_due(recorder, now, &next) : NULL;
    if (error)
        return error;
    if (timed) {
        uint64_t end = give_up_due(recorder, now);
        next = end < next ? end : next;
    }
    *tid = waitpid(-1, status, __WALL | (next == UINT64_MAX ? 0 : WNOHANG));
    if (*tid == 0 && next > now)
        sleep_for(next - now);
    if (*tid >= 0)
        return NULL;
    *tid = 0;
    return errno == EINTR ? NULL : error_errno(NULL, "cannot wait for the program");
}

/* --- Where ----------------------------------------------------------------------------------- */

struct error *absorb_interrupt(struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct user_regs_struct entry = *regs;
    task->trap_pending = false; /* each stop clears it, the one that follows among them */
    task->call_taken_back = true;
    error = take_back_call(task, &entry);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}

/* A task that has computed so long may have been at the same place many times. */
#define LOOP_NS 3000000ull

/* --- What is done there ---------------------------------------------------------------------- */

/* Naming a point may take this part of a task's time. */
#define NAMING_SHARE 33

static void choose_slice(struct task *task, uint64_t naming)
{
    uint64_t least = task->spins ? SPIN_SLICE_NS : SLICE_NS;
    task->slice = naming * NAMING_SHARE > least ? naming * NAMING_SHARE : least;
}

/* The task stands at a point that the trace names. */
static struct error *use_point(struct recorder *recorder, struct task *task)
{
    struct held_signal *held;
    struct error *error = find_deliverable_signal(task, true, &held);
    if (error)
        return error;
    if (held)
        send_held_signal(task, held);
    if (!task->group->ready_first && task->chaos.not_before == 0)
        return tracee_run(task->tracee, RUN_ON, 0);
    return lose_turn(recorder, task, true);
}

/* In the hook or a stub: on its way to a call, where it stops. */
static struct error *leave_ours(struct task *task, bool *still)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error || !fast_is_inside(task, regs->rip))
        return error;
    *still = false;
    error = fast_ask_to_leave(task);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}

struct error *make_point_here(struct recorder *recorder, struct task *task)
{
    struct progress progress = {0};
    bool still = true;
    struct error *error = leave_rep(recorder, task, &still);
    uint64_t started = monotonic_now();
    if (!error && still)
        error = progress_guess(task, &progress);
    if (!error && still)
        error = log_point(recorder, task, &progress);
    if (error || !still)
        return error;
    recorder->statistics.points_nanoseconds += monotonic_now() - started;
    return use_point(recorder, task);
}

static struct error *make_point(struct recorder *recorder, struct task *task)
{
    struct progress progress = {0};
    bool still = true;
    fast_stop_at_call(task->group);
    struct error *error = watch_progress(recorder, task, &progress, &still);
    if (!error && still)
        error = leave_loops(recorder, task, &still);
    if (!error && still)
        error = leave_ours(task, &still);
    if (!error && still)
        error = leave_rep(recorder, task, &still);
    uint64_t started = monotonic_now();
    if (!error && still)
        error = log_point(recorder, task, &progress);
    uint64_t naming = monotonic_now() - started;
    progress_deinit(&progress);
    if (error || !still)
        return error;
    recorder->statistics.points_nanoseconds += naming;
    choose_slice(task, naming);
    return use_point(recorder, task);
}

struct error *on_interrupted(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    task->trap_pending = false;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    bool still = true;
    if (task->state == TASK_RUNNING)
        error = leave_ours(task, &still);
    if (error || !still)
        return error;
    uint64_t now = monotonic_now();
    if (due_time(task) <= now) {
        bool stop = true;
        if (task->group->chaos.on && task->group->ready_first && !task->held)
            error = disturb_slice_end(recorder, task, &stop);
        if (error)
            return error;
        if (stop && task->group->chaos.on && now - task->group->slice_start < LOOP_NS)
            return make_point_here(recorder, task);
        if (stop)
            return make_point(recorder, task);
    }
    return tracee_run(task->tracee, task->state == TASK_CALLING ? RUN_TO_CALL : RUN_ON, 0);
}
