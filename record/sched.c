/*
 * Whose turn it is. Turns change at system calls: when the current task blocks in one, ends, or has
 * used its slice; and, when it makes none for long, at asynchronous points (preempt.c).
 */
#include <sched.h>
#include <sys/wait.h>

#include "record/recorder.h"

static void queue(struct recorder *recorder, struct task *task)
{
    recorder->waiting++;
    task->state = TASK_READY;
    task->ready_next = NULL;
    *task->group->ready_last = task;
    task->group->ready_last = &task->ready_next;
    fast_set_alone(task->group);
}

void make_ready(struct recorder *recorder, struct task *task)
{
    if (task->group->chaos.on)
        chaos_woken(&task->group->chaos, &task->chaos, monotonic_now());
    queue(recorder, task);
}

void forget_ready(struct recorder *recorder, struct task *task)
{
    struct group *group = task->group;
    for (struct task **link = &group->ready_first; *link; link = &(*link)->ready_next) {
        if (*link != task)
            continue;
        *link = task->ready_next;
        if (!*link)
            group->ready_last = link;
        recorder->waiting--;
        fast_set_alone(group);
        return;
    }
}

/* The current task goes on in user code. */
static struct error *run_on(struct recorder *recorder, struct task *task)
{
    struct error *error = disturb_turn(recorder, task);
    fast_show_mask(task);
    task->state = TASK_RUNNING;
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}

/* Gives a waiting task the turn: the first, or whom chaos wants. */
static struct error *take_turn(struct recorder *recorder, struct group *group)
{
    struct task *task = group->ready_first;
    struct error *error = group->chaos.on ? choose_ready(group, &task) : NULL;
    if (error || !task)
        return error;
    forget_ready(recorder, task);
    group->current = task;
    group->slice_start = monotonic_now();
    if (!task->holds_exit_stop)
        return run_on(recorder, task);
    task->holds_exit_stop = false;
    task->state = TASK_CALLING;
    return on_call_exit(recorder, task);
}

/* The current task sits in a call that may take long: others may have the turn, and its event
 * becomes two. */
static struct error *split_current(struct recorder *recorder, struct group *group)
{
    struct task *task = group->current;
    struct error *error = task->call.entry_logged ? NULL : log_call_entry(recorder, task);
    group->current = NULL;
    return error;
}

struct error *schedule(struct recorder *recorder, struct group *group)
{
    struct error *error = NULL;
    if (!group->ready_first)
        return NULL;
    if (group->current && group->current->state == TASK_CALLING && group->current->call.may_block)
        error = split_current(recorder, group);
    if (!error && !group->current)
        error = take_turn(recorder, group);
    return error;
}

struct error *give_up_turn(struct recorder *recorder, struct task *task)
{
    if (task->group->current == task)
        task->group->current = NULL;
    return schedule(recorder, task->group);
}

struct error *lose_turn(struct recorder *recorder, struct task *task, bool at_point)
{
    struct group *group = task->group;
    if (group->chaos.on)
        chaos_loses(&group->chaos, &task->chaos, at_point);
    queue(recorder, task);
    group->current = NULL;
    return schedule(recorder, group);
}

static bool slice_is_over(const struct task *task)
{
    struct group *group = task->group;
    bool over = group->chaos.on ? chaos_lose_after_call(&group->chaos)
                                : monotonic_now() - group->slice_start > CALL_SLICE_NS;
    return over || task->call.row == call_row(24 /* sched_yield */);
}

struct error *go_on(struct recorder *recorder, struct task *task)
{
    struct group *group = task->group;
    struct held_signal *held;
    struct error *error = find_deliverable_signal(task, true, &held);
    if (error)
        return error;
    if (held)
        send_held_signal(task, held);
    if (group->ready_first && slice_is_over(task) && others_are_eligible(group))
        return lose_turn(recorder, task, false);
    return run_on(recorder, task);
}

/*
 * The task was resumed into a call that may block. If others wait, see whether the call comes back
 * at once (they share the processor, so yielding lets the task run); else they go on.
 */
struct error *wait_in_call(struct recorder *recorder, struct task *task)
{
    if (!task->call.may_block || !task->group->ready_first)
        return NULL;
    int status;
    sched_yield();
    if (waitpid(task->tid, &status, __WALL | WNOHANG) == task->tid)
        return dispatch_stop(recorder, task, stop_classify(status));
    return schedule(recorder, task->group);
}
