/*
 * One stretch: from an event to the next.
 */
#include "replay/debug/target_private.h"

/* Visits of breakpoints whose condition does not hold, natively, between two ticks: then counting
 * is cheaper. */
#define MISSES_MAX 500

/* A counted run stops before the system call: this makes it, as far as its emulated stop. */
static struct error *enter_call(struct session *session, struct run_result *ret)
{
    return session_run_native(session, NULL, ret);
}

struct error *stretch_run(struct session *session, const struct run_conditions *conditions,
                          struct run_result *ret)
{
    struct error *error = NULL;
    *ret = (struct run_result){.end = RUN_ENDED_AT_CALL};
    if (session_next(session)->reach == REACH_NOTHING)
        return session_compare(session, 0);
    bool counted = session_next(session)->reach == REACH_POINT || !run_fits(conditions);
    if (!counted) {
        struct run_conditions natively = *conditions;
        natively.misses_max = MISSES_MAX;
        error = session_run_native(session, &natively, ret);
        counted = !error && ret->end == RUN_ENDED_AT_LIMIT;
    }
    if (counted) {
        error = session_run_counted(session, conditions, UINT64_MAX, ret);
        if (!error && ret->end == RUN_ENDED_AT_CALL)
            error = enter_call(session, ret);
    }
    if (error || !run_reached_event(ret))
        return error;
    return session_compare(session, ret->signal);
}

struct error *stretch_pass_calls(struct session *session, const struct run_conditions *conditions,
                                 uint64_t end, struct run_result *ret, bool *passed)
{
    struct run_conditions natively = *conditions;
    uint64_t last = session_event(session) + EVENTS_PASSED;
    natively.misses_max = MISSES_MAX;
    return session_pass_calls(session, &natively, last < end ? last : end - 1, ret, passed);
}

struct error *stretch_apply(struct target *target, struct session *session, int *watch)
{
    struct watch_snapshot before;
    *watch = -1;
    struct error *error = snapshot_watched(target, session, &before);
    if (!error)
        error = session_apply(session);
    if (!error && before.bytes)
        *watch = changed_watch(target, session, &before);
    snapshot_deinit(&before);
    return error;
}

struct error *breakpoint_at_start(struct target *target, struct session *session, int *ret)
{
    const struct event *next = session_next(session);
    *ret = -1;
    if (!next || next->reach == REACH_NOTHING)
        return NULL;
    return breakpoint_met(target, session, next->tid, ret);
}
