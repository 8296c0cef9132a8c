/*
 * Backwards. A step is arithmetic on positions. A continue searches the stretches from the latest
 * to the earliest: a pass at native speed over what lies between two checkpoints tells the last
 * stretch with a hit; a counted scan of that stretch tells the hit.
 */
#include "replay/debug/target_private.h"

static struct error *go_to(struct target *target, struct instant position)
{
    struct session *session;
    struct error *error = session_at(target, position, &session);
    if (!error)
        target_adopt(target, session, position);
    return error;
}

static struct error *stop_at_start(struct target *target, struct target_stop *ret)
{
    *ret = (struct target_stop){.reason = STOPPED_START};
    return go_to(target, after_event(0));
}

/* --- Stepping
 * --------------------------------------------------------------------------------------------- */

/* The last stretch before `event` whose event moved the task on; UINT64_MAX: none. */
static uint64_t stretch_before(const struct target *target, uint64_t event, uint32_t tid)
{
    for (uint64_t at = event; at > 0; at--) {
        const struct event_summary *summary = &target->events[at];
        if (summary->tid == tid && summary->kind != EVENT_CALL_EXIT && summary->kind != EVENT_EXIT)
            return at - 1;
    }
    return UINT64_MAX;
}

static struct error *step_back(struct target *target, uint32_t tid, struct target_stop *ret)
{
    struct instant at;
    bool is_current = stretch_task(target) == tid;
    struct error *error = place_near(target, &at);
    if (!error && is_current && at.count == 0) /* behind a waypoint, or an event */
        error = waypoint_resolve(target, &at);
    if (error)
        return error;
    *ret = (struct target_stop){.reason = STOPPED_STEP, .tid = tid};
    if (at.count && is_current) {
        at.count--;
        return go_to(target, at);
    }
    do {
        uint64_t event = stretch_before(target, at.event, tid);
        if (event == UINT64_MAX)
            return stop_at_start(target, ret);
        error = stretch_end(target, event, &at);
        /* A point is no instruction: the state before it is the one after it. */
    } while (!error && target->events[at.event + 1].kind == EVENT_POINT && at.count-- == 0);
    return error ? error : go_to(target, at);
}

/* --- Searching
 * -------------------------------------------------------------------------------------------- */

/* To the hit that a scan found; *found: whether that ends the search. */
static struct error *go_to_hit(struct target *target, const struct hit *hit, bool interrupted,
                               struct target_stop *ret, bool *found)
{
    *found = interrupted || hit->any;
    if (interrupted)
        *ret = (struct target_stop){.reason = STOPPED_INTERRUPT};
    if (interrupted || !hit->any)
        return NULL;
    stop_at_insertion(&hit->insertion, target->events[hit->at.event + 1].tid, ret);
    return go_to(target, hit->at);
}

/* To the next event, over calls that need no stop, or to a condition. */
static struct error *run_or_pass(struct session *session, const struct run_conditions *conditions,
                                 uint64_t end, struct run_result *ret)
{
    bool passed = false;
    struct error *error = stretch_pass_calls(session, conditions, end, ret, &passed);
    if (error || (passed && ret->end != RUN_ENDED_AT_LIMIT))
        return error;
    return stretch_run(session, conditions, ret);
}

/* Runs the session's stretch and its event, or some stretches whose calls need no stop, of events
 * up to `end`; *hit: whether a condition was met, in stretch *ret, the last of them. */
static struct error *pass_stretch(struct target *target, struct session *session, uint64_t end,
                                  bool *hit, uint64_t *ret)
{
    static const struct run_conditions none;
    struct run_conditions conditions = target_conditions(target);
    struct run_result result;
    int insertion, watch;
    bool runs = session_next(session)->reach != REACH_NOTHING;
    struct error *error = breakpoint_at_start(target, session, &insertion);
    *hit = insertion >= 0;
    target->running = session_process(session);
    if (!error)
        error = *hit ? stretch_run(session, &none, &result)
                     : run_or_pass(session, &conditions, end, &result);
    *ret = session_event(session);
    bool within = !error && runs && !run_reached_event(&result);
    *hit = *hit || (within && result.end != RUN_ENDED_BY_INTERRUPT);
    if (!error && within) /* one hit is enough: the rest without conditions */
        error = session_reach(session);
    target->running = 0;
    if (!error)
        error = stretch_apply(target, session, &watch);
    *hit = *hit || (!error && watch >= 0);
    return error;
}

/* The last stretch with a hit between the checkpoint and event `end`; UINT64_MAX: none. */
static struct error *pass(struct target *target, const struct checkpoint *from, uint64_t end,
                          uint64_t *ret)
{
    struct session *session;
    bool hit;
    *ret = UINT64_MAX;
    struct error *error = session_fork(from->session, &session);
    if (error)
        return error;
    checkpoint_pass_begins(target);
    while (!error && !target->interrupted && session_event(session) < end) {
        uint64_t event;
        error = pass_stretch(target, session, end, &hit, &event);
        if (!error && hit)
            *ret = event;
        if (!error && session_event(session) < end)
            error = checkpoint_after_event(target, session);
    }
    session_close(session);
    return error;
}

static struct error *search_back(struct target *target, uint64_t end, struct target_stop *ret)
{
    for (;;) {
        struct checkpoint *checkpoint = event_checkpoint_before(target, end);
        if (!checkpoint)
            return stop_at_start(target, ret);
        uint64_t begin = checkpoint->position.event, event;
        struct hit hit;
        bool found = false, interrupted;
        struct error *error = pass(target, checkpoint, end, &event);
        if (error)
            return error;
        if (target->interrupted) {
            *ret = (struct target_stop){.reason = STOPPED_INTERRUPT};
            return NULL;
        }
        if (event != UINT64_MAX) {
            error = scan_whole(target, event, true, &hit, &interrupted);
            if (!error)
                error = go_to_hit(target, &hit, interrupted, ret, &found);
            if (error || found)
                return error;
            return error_new("please report it, with the trace",
                             "event %lu: a hit is not found again", event);
        }
        end = begin;
    }
}

/* Whether the stretch after `event` has a hit before its event: natively, since most have none. */
static struct error *has_hit(struct target *target, uint64_t event, bool *ret)
{
    struct run_conditions conditions = target_conditions(target);
    struct run_result result = {.end = RUN_ENDED_AT_CALL};
    struct session *session;
    int insertion = -1;
    struct error *error = session_at(target, after_event(event), &session);
    if (error)
        return error;
    error = breakpoint_at_start(target, session, &insertion);
    target->running = session_process(session);
    if (!error && insertion < 0)
        error = stretch_run(session, &conditions, &result);
    target->running = 0;
    session_close(session);
    *ret = insertion >= 0 || !run_reached_event(&result);
    return error;
}

/* The last hit between the target's waypoint, if it has one, and the target. */
static struct error *search_near(struct target *target, struct target_stop *ret, bool *found)
{
    struct instant limit;
    struct hit last;
    bool interrupted;
    *found = false;
    if (!target->place.start.waypoint)
        return NULL;
    struct error *error = place_near(target, &limit);
    if (!error)
        error = scan_below(target, limit, &last, &interrupted);
    return error ? error : go_to_hit(target, &last, interrupted, ret, found);
}

/* The last hit in the part of its stretch that lies behind the target. At the stretch's end, where
 * a crash is, that is all of it, and most often nothing. */
static struct error *search_stretch(struct target *target, struct target_stop *ret, bool *found)
{
    uint64_t event = target->place.start.event;
    struct instant limit = after_event(event);
    struct hit last = {0};
    bool any = true, interrupted = false;
    *found = false;
    bool whole = target->place.at_event;
    struct error *error = whole ? has_hit(target, event, &any) : place_resolve(target, &limit);
    if (!error && whole && any)
        error = scan_whole(target, event, false, &last, &interrupted);
    else if (!error && limit.count)
        error = scan_below(target, limit, &last, &interrupted);
    return error ? error : go_to_hit(target, &last, interrupted, ret, found);
}

static struct error *run_back(struct target *target, struct target_stop *ret)
{
    uint64_t event = target->place.start.event;
    bool found;
    if (!target->insertion_count)
        return stop_at_start(target, ret);
    struct error *error = search_near(target, ret, &found);
    if (!error && !found)
        error = search_stretch(target, ret, &found);
    return error || found ? error : search_back(target, event, ret);
}

struct error *resume_backward(struct target *target, const struct resume *resume,
                              struct target_stop *ret)
{
    if (resume->mode == RESUME_CONTINUE)
        return run_back(target, ret);
    return step_back(target, resume->tid ? resume->tid : target->current, ret);
}
