/*
 * Forwards: at native speed to the next condition, event by event; or a task by one instruction.
 *
 * A signal is reported when the task stands where it is delivered, before it is; the next resume
 * delivers it.
 */
#include <string.h>

#include "replay/debug/target_private.h"

static bool is_at_end(const struct target *target)
{
    const struct event *next = session_next(target->now);
    if (!next || target->place.start.event > target->end_event)
        return true;
    bool waits = target->place.at_event || next->reach == REACH_NOTHING;
    return target->place.start.event == target->end_event && waits &&
           (next->kind == EVENT_EXIT || next->kind == EVENT_EXEC);
}

/* --- Reaching the next event
 * ------------------------------------------------------------------------------ */

/* A signal at a call's entry shows the task on the instruction that it is about to make, as the
 * handler will. */
static struct error *step_back_from_call(struct target *target)
{
    struct tracee *tracee;
    struct user_regs_struct *regs;
    struct error *error = session_load(target->now, &tracee);
    if (!error)
        error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    regs->rip -= 2;
    regs->rax = regs->orig_rax;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(tracee);
    return NULL;
}

/* The next event has been reached; *stopped if that is something to tell. */
static struct error *arrive(struct target *target, struct target_stop *ret, bool *stopped)
{
    const struct event *next = session_next(target->now);
    target->place.at_event = true;
    *stopped = next->kind == EVENT_SIGNAL;
    if (!*stopped)
        return NULL;
    *ret = (struct target_stop){
        .reason = STOPPED_SIGNAL, .tid = next->tid, .signal = (int)next->signal};
    target->has_siginfo = next->siginfo != NULL;
    if (next->siginfo)
        memcpy(target->siginfo, next->siginfo, SIGINFO_BYTES);
    return next->reach == REACH_CALL ? step_back_from_call(target) : NULL;
}

/* An interrupted run stands at no place that has a name: back to where it began. */
static struct error *back_to_start(struct target *target, struct target_stop *ret)
{
    struct instant start;
    struct session *session;
    *ret = (struct target_stop){.reason = STOPPED_INTERRUPT};
    target->interrupted = false;
    trail_drop(target);
    struct error *error = place_near(target, &start);
    if (!error)
        error = session_at(target, start, &session);
    if (!error)
        target_adopt(target, session, start);
    return error;
}

static struct error *not_found_again(const struct target *target)
{
    return error_new("please report it, with the trace",
                     "event %lu: a breakpoint was met that does not hold",
                     target->place.start.event);
}

/* What a run through the rest of the stretch ended with. */
static struct error *after_run(struct target *target, const struct run_result *result,
                               struct target_stop *ret, bool *stopped)
{
    struct hop hop = {.kind = HOP_TO_EVENT};
    uint32_t tid = session_next(target->now)->tid;
    int insertion;
    struct error *error = NULL;
    *stopped = true;
    switch (result->end) {
    case RUN_ENDED_BY_INTERRUPT:
        return back_to_start(target, ret);
    case RUN_ENDED_AT_BREAKPOINT:
        error = breakpoint_met(target, target->now, tid, &insertion);
        if (error || insertion < 0)
            return error ? error : not_found_again(target);
        hop = (struct hop){.kind = HOP_TO_BREAKPOINT,
                           .breakpoint = {target->insertions[insertion].address,
                                          target->insertions[insertion].condition}};
        break;
    case RUN_ENDED_AT_WATCH:
        hop = (struct hop){.kind = HOP_TO_WATCH, .watch = target->watches[result->watch]};
        insertion = (int)target->watch_insertion[result->watch];
        break;
    default:
        error = trail_end(target, &hop);
        return error ? error : arrive(target, ret, stopped);
    }
    stop_at_insertion(&target->insertions[insertion], tid, ret);
    return trail_end(target, &hop);
}

/* The stretch, to its event or a condition; what it passes is a trail behind it. */
static struct error *run_stretch(struct target *target, struct run_conditions *conditions,
                                 struct run_result *ret)
{
    struct error *error;
    conditions->ticks = true;
    trail_begin(target);
    do {
        target->running = session_process(target->now);
        error = stretch_run(target->now, conditions, ret);
        target->running = 0;
        if (error || ret->end != RUN_ENDED_AT_TICK)
            return error;
        if (target->interrupted)
            ret->end = RUN_ENDED_BY_INTERRUPT;
        else
            error = trail_tick(target);
    } while (!error && ret->end == RUN_ENDED_AT_TICK);
    return error;
}

/* Over calls that need no stop; *passed: to the event behind them, or to what stopped the run. A
 * tick ends it, so that a long stretch leaves a trail. */
static struct error *pass_calls(struct target *target, struct target_stop *ret, bool *stopped,
                                bool *passed)
{
    struct run_conditions conditions = target_conditions(target);
    struct run_result result;
    conditions.ticks = true;
    target->running = session_process(target->now);
    struct error *error =
        stretch_pass_calls(target->now, &conditions, target->end_event, &result, passed);
    target->running = 0;
    if (error || !*passed)
        return error;
    if (session_event(target->now) != target->place.start.event)
        place_set(&target->place, after_event(session_event(target->now)));
    *passed = result.end != RUN_ENDED_AT_LIMIT && result.end != RUN_ENDED_AT_TICK;
    return *passed ? after_run(target, &result, ret, stopped) : NULL;
}

static struct error *run_to_event(struct target *target, struct target_stop *ret, bool *stopped)
{
    struct run_conditions conditions = target_conditions(target);
    struct run_result result;
    bool runs = session_next(target->now)->reach != REACH_NOTHING;
    struct error *error = run_stretch(target, &conditions, &result);
    if (error)
        return error;
    return runs ? after_run(target, &result, ret, stopped) : arrive(target, ret, stopped);
}

static struct error *apply_event(struct target *target, struct target_stop *ret, bool *stopped)
{
    int watch;
    uint32_t tid = session_next(target->now)->tid;
    struct error *error = stretch_apply(target, target->now, &watch);
    if (error)
        return error;
    place_set(&target->place, after_event(session_event(target->now)));
    *stopped = watch >= 0;
    if (*stopped)
        stop_at_insertion(&target->insertions[target->watch_insertion[watch]], tid, ret);
    return checkpoint_after_event(target, target->now);
}

/* A breakpoint where a task goes on after an event, before it has executed anything. */
static struct error *meet_breakpoint(struct target *target, struct target_stop *ret, bool *stopped)
{
    int insertion;
    struct error *error = breakpoint_at_start(target, target->now, &insertion);
    *stopped = !error && insertion >= 0;
    if (*stopped)
        stop_at_insertion(&target->insertions[insertion], stretch_task(target), ret);
    return error;
}

/* --- Continuing
 * ------------------------------------------------------------------------------------------- */

static bool end_or_interrupt(struct target *target, struct target_stop *ret)
{
    if (is_at_end(target)) {
        *ret = (struct target_stop){.reason = STOPPED_END};
        return true;
    }
    if (target->interrupted) {
        *ret = (struct target_stop){.reason = STOPPED_INTERRUPT};
        return true;
    }
    return false;
}

/* To the next event and over it, unless something stops the run. */
static struct error *cross_event(struct target *target, bool starting, struct target_stop *ret,
                                 bool *stopped)
{
    struct error *error = NULL;
    bool passed = false;
    *stopped = false;
    if (!target->place.at_event) {
        if (!starting)
            error = meet_breakpoint(target, ret, stopped);
        if (!error && !*stopped)
            error = pass_calls(target, ret, stopped, &passed);
        if (!error && !passed && !*stopped)
            error = run_to_event(target, ret, stopped);
        if (error || *stopped || is_at_end(target))
            return error;
    }
    return apply_event(target, ret, stopped);
}

static struct error *run_on(struct target *target, struct target_stop *ret)
{
    bool stopped = false, starting = true;
    struct error *error = NULL;
    struct ticks ticks;
    ticks_start(session_process(target->now), TICK_NS, &ticks);
    while (!error && !stopped && !end_or_interrupt(target, ret)) {
        error = cross_event(target, starting, ret, &stopped);
        starting = false;
    }
    ticks_stop(&ticks);
    return error;
}

struct error *run_to_end(struct target *target)
{
    struct run_conditions conditions = {.interrupted = &target->interrupted};
    struct run_result result;
    struct target_stop ignored;
    struct ticks ticks;
    bool stopped;
    if (is_at_end(target))
        return NULL;
    ticks_start(session_process(target->now), TICK_NS, &ticks);
    struct error *error = run_stretch(target, &conditions, &result);
    ticks_stop(&ticks);
    return error ? error : after_run(target, &result, &ignored, &stopped);
}

/* --- Stepping
 * --------------------------------------------------------------------------------------------- */

/* One instruction of the task whose stretch it is; the last of a stretch is its event's. */
static struct error *step_in_stretch(struct target *target, struct target_stop *ret, bool *stopped)
{
    struct run_conditions conditions = target_conditions(target);
    struct run_result result;
    const struct hop hop = {.kind = HOP_STEPS, .steps = 1};
    conditions.breakpoint_count = 0;
    *stopped = false;
    struct error *error = session_run_counted(target->now, &conditions, 1, &result);
    if (error)
        return error;
    if (run_reached_event(&result)) {
        if (result.end != RUN_ENDED_AT_CALL)
            error = session_compare(target->now, result.signal);
        else
            error = stretch_run(target->now, &(struct run_conditions){0}, &result);
        return error ? error : arrive(target, ret, stopped);
    }
    *stopped = true;
    *ret = (struct target_stop){.reason = STOPPED_STEP, .tid = session_next(target->now)->tid};
    if (result.end == RUN_ENDED_BY_INTERRUPT && result.count == 0) {
        ret->reason = STOPPED_INTERRUPT;
        return NULL;
    }
    if (result.end == RUN_ENDED_AT_WATCH)
        stop_at_insertion(&target->insertions[target->watch_insertion[result.watch]], ret->tid,
                          ret);
    return place_add_hop(&target->place, &hop);
}

/* Whether this event, when it has been applied, has moved the task on. */
static bool moves(const struct event *event, uint32_t tid)
{
    return event->tid == tid && event->kind != EVENT_CALL_ENTER && event->kind != EVENT_POINT;
}

static struct error *step(struct target *target, uint32_t tid, struct target_stop *ret)
{
    bool stopped = false, starting = true;
    struct error *error = NULL;
    while (!error && !stopped && !end_or_interrupt(target, ret)) {
        const struct event *next = session_next(target->now);
        bool last = moves(next, tid), ends = next->kind == EVENT_EXIT || next->kind == EVENT_EXEC;
        if (next->tid == tid && !target->place.at_event && next->reach != REACH_NOTHING) {
            error = step_in_stretch(target, ret, &stopped);
            if (!error && !stopped && !is_at_end(target))
                error = apply_event(target, ret, &stopped);
        } else {
            error = cross_event(target, starting, ret, &stopped);
        }
        starting = false;
        if (!error && !stopped && last && !target->place.at_event) {
            *ret = (struct target_stop){.reason = STOPPED_STEP, .tid = ends ? 0 : tid};
            stopped = true;
        }
    }
    return error;
}

static struct error *step_range(struct target *target, const struct resume *resume, uint32_t tid,
                                struct target_stop *ret)
{
    struct trace_regs regs;
    for (;;) {
        struct error *error = step(target, tid, ret);
        if (error || ret->reason != STOPPED_STEP)
            return error;
        error = session_registers(target->now, tid, &regs);
        if (error)
            return error;
        taddr pc = taddr_of(regs.value[TRACE_RIP]);
        int insertion;
        error = breakpoint_met(target, target->now, tid, &insertion);
        if (error)
            return error;
        if (insertion >= 0)
            stop_at_insertion(&target->insertions[insertion], tid, ret);
        if (insertion >= 0 || pc.value < resume->range_start.value ||
            pc.value >= resume->range_end.value)
            return NULL;
    }
}

struct error *resume_forward(struct target *target, const struct resume *resume,
                             struct target_stop *ret)
{
    uint32_t tid = resume->tid ? resume->tid : target->current;
    checkpoint_pass_begins(target);
    switch (resume->mode) {
    case RESUME_STEP:
        return step(target, tid, ret);
    case RESUME_RANGE:
        return step_range(target, resume, tid, ret);
    case RESUME_CONTINUE:
        return run_on(target, ret);
    }
    return NULL;
}
