/*
 * What `--chaos` does to tasks: chaos.c decides, spots.c chooses places, sched.c gives the turns.
 *
 * A task is stopped at the exit of a call, or at points between calls, which are named where they
 * are: looking at the task's progress, as preempt.c does, would move them by milliseconds. Not at a
 * call's entry: the instruction has destroyed rcx and r11 by then, so the state before it, which a
 * point would have to name, is not known any more.
 */
#include <asm/unistd.h>
#include <stdlib.h>

#include "record/point.h"
#include "record/spots.h"

#define FLAG_RESUME 0x10000ull /* set by the kernel as it returns from faults */

/* Points are dear where memory is large: after the first ones naming has half of the time. */
#define POINTS_FREE 100

static bool may_make_points(const struct recorder *recorder)
{
    const struct record_statistics *statistics = &recorder->statistics;
    return statistics->points < POINTS_FREE ||
           statistics->points_nanoseconds < (monotonic_now() - recorder->started) / 2;
}

/* --- Turns ----------------------------------------------------------------------------------- */

static size_t list_ready(const struct group *group, struct task **tasks,
                         struct chaos_task **decisions)
{
    size_t count = 0;
    for (struct task *task = group->ready_first; task; task = task->ready_next) {
        tasks[count] = task;
        decisions[count++] = &task->chaos;
    }
    return count;
}

struct error *choose_ready(struct group *group, struct task **ret)
{
    struct task **tasks = calloc(group->tasks, sizeof(*tasks));
    struct chaos_task **decisions = calloc(group->tasks, sizeof(*decisions));
    struct error *error = tasks && decisions ? NULL : &err_no_memory;
    *ret = NULL;
    if (!error) {
        size_t count = list_ready(group, tasks, decisions);
        size_t chosen =
            chaos_choose(&group->chaos, decisions, count, monotonic_now(), &group->delayed_until);
        *ret = chosen < count ? tasks[chosen] : NULL;
        if (*ret)
            (*ret)->chaos.not_before = 0;
    }
    free(tasks);
    free(decisions);
    return error;
}

bool others_are_eligible(const struct group *group)
{
    if (!group->chaos.on)
        return group->ready_first != NULL;
    for (const struct task *task = group->ready_first; task; task = task->ready_next)
        if (!chaos_starves(&group->chaos, &task->chaos))
            return true;
    return false;
}

static void set_slice(struct task *task)
{
    uint64_t slice = chaos_slice(&task->group->chaos);
    task->slice = monotonic_now() - task->group->slice_start + (slice ? slice : SLICE_NS);
}

struct error *disturb_turn(struct recorder *recorder, struct task *task)
{
    struct chaos *chaos = &task->group->chaos;
    if (!chaos->on || task->group->tasks < 2)
        return NULL;
    struct error *error = NULL;
    task->spot_moves = 0;
    if (chaos_sets_spots(chaos) && may_make_points(recorder))
        error = set_spots(recorder, task);
    if (task->group->slice_start != task->slice_start) {
        task->slice_start = task->group->slice_start;
        set_slice(task); /* from now on: what we did before took time as well */
    }
    return error;
}

bool is_delayed(const struct task *task)
{
    return task->state == TASK_READY && task->group->chaos.on && !task->group->current;
}

struct error *wake_delayed(struct recorder *recorder, uint64_t now, bool *woken)
{
    for (struct task *task = recorder->tasks; task; task = task->next) {
        struct group *group = task->group;
        if (!is_delayed(task) || group->delayed_until > now)
            continue;
        *woken = true;
        return schedule(recorder, group);
    }
    return NULL;
}

/* --- Points ---------------------------------------------------------------------------------- */

struct error *disturb_slice_end(struct recorder *recorder, struct task *task, bool *stop)
{
    struct chaos *chaos = &task->group->chaos;
    *stop = chaos_slice_ends(chaos) == CHAOS_STOP_HERE && others_are_eligible(task->group);
    if (*stop)
        return NULL;
    struct error *error = set_spots(recorder, task);
    set_slice(task);
    return error;
}

/* The forced signal has unblocked itself (kernel/signal.c, force_sig_info_to_task). */
static struct error *restore_mask(struct task *task)
{
    return task->signal_mask >> (SIGTRAP - 1) & 1
               ? tracee_set_sigmask(task->tracee, task->signal_mask)
               : NULL;
}

/* Whether there is somebody to go on while the task is stopped. */
static bool is_worth_a_stop(const struct recorder *recorder, struct task *task)
{
    struct group *group = task->group;
    if (task->trap_pending || !may_make_points(recorder))
        return false;
    return group->ready_first ? others_are_eligible(group)
                              : chaos_waits_alone(&group->chaos, &task->chaos, monotonic_now());
}

static struct error *stop_at_spot(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (!error)
        error = clear_spots(task);
    if (error)
        return error;
    regs->eflags &= ~FLAG_RESUME;
    tracee_regs_changed(task->tracee);
    return make_point_here(recorder, task);
}

/* Spots follow the task through its code so often between calls. More would make loops slow. */
#define MOVES 64

struct error *on_spot(struct recorder *recorder, struct task *task)
{
    struct error *error = restore_mask(task);
    if (error)
        return error;
    enum chaos_spot what = chaos_at_spot(&task->group->chaos);
    if (what == CHAOS_STOP && is_worth_a_stop(recorder, task))
        return stop_at_spot(recorder, task);
    if (what == CHAOS_CREEP)
        error = set_spots_behind(task);
    else
        error = drop_spot(task);
    if (!error && (what == CHAOS_MOVE || !task->spots_set) && ++task->spot_moves < MOVES)
        error = set_spots(recorder, task);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}
