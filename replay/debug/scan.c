/*
 * The last hit of a stretch: counted runs over windows of it, from its end towards its start, each
 * larger than the one before. So hits that are dense are found in the first few thousand
 * instructions; and since a run notes its last hit without a stop, it does not matter how many
 * there are.
 */
#include "replay/debug/target_private.h"

#define FIRST_WINDOW 2048
#define WINDOW_GROWTH 8

/* --- Windows --------------------------------------------------------------------------------- */

/* The hit that a run, which began at `from`, has noted. */
static void set_hit(const struct target *target, const struct run_note *note, struct instant from,
                    struct hit *ret)
{
    int insertion = -1;
    if (note->any)
        insertion = note->is_watch ? (int)target->watch_insertion[note->watch]
                                   : breakpoint_at(target, note->breakpoint);
    if (insertion < 0)
        return;
    from.count += note->count;
    *ret = (struct hit){.any = true, .at = from, .insertion = target->insertions[insertion]};
}

/* Runs the session, which stands at `*at`, for `limit` instructions or to its event. */
static struct error *scan_on(struct target *target, struct session *session, uint64_t limit,
                             struct instant *at, struct hit *ret, bool *interrupted)
{
    struct run_conditions conditions = target_conditions(target);
    const struct event *next = session_next(session);
    struct run_result result;
    const struct instant from = *at;
    conditions.notes = true;
    if (!next || next->reach == REACH_NOTHING)
        return NULL;
    struct error *error = count_on(target, session, &conditions, limit, at, &result);
    *interrupted = !error && result.end == RUN_ENDED_BY_INTERRUPT;
    if (!error)
        set_hit(target, &result.last_hit, from, ret);
    return error;
}

static struct error *scan_window(struct target *target, struct instant from, uint64_t to,
                                 struct hit *ret, bool *interrupted)
{
    struct session *session;
    uint64_t limit = to - from.count;
    struct error *error = session_at(target, from, &session);
    if (error)
        return error;
    error = scan_on(target, session, limit, &from, ret, interrupted);
    session_close(session);
    return error;
}

struct error *scan_below(struct target *target, struct instant limit, struct hit *ret,
                         bool *interrupted)
{
    uint64_t window = FIRST_WINDOW, to = limit.count;
    struct instant from = limit;
    struct error *error = NULL;
    *ret = (struct hit){0};
    *interrupted = false;
    while (!error && !ret->any && to && !*interrupted) {
        from.count = to > window ? to - window : 0;
        error = scan_window(target, from, to, ret, interrupted);
        to = from.count;
        window *= WINDOW_GROWTH;
    }
    return error;
}

/* --- Whole stretches ------------------------------------------------------------------------- */

/* The stretch's end, where the session stands, is a hit if the event changes watched bytes. */
static struct error *scan_event(struct target *target, struct session *session, struct instant at,
                                struct hit *ret)
{
    struct run_result ignored;
    int watch = -1;
    struct error *error = stretch_run(session, &(struct run_conditions){0}, &ignored);
    if (!error)
        error = stretch_apply(target, session, &watch);
    if (error || watch < 0)
        return error;
    *ret = (struct hit){
        .any = true, .at = at, .insertion = target->insertions[target->watch_insertion[watch]]};
    return NULL;
}

struct error *scan_whole(struct target *target, uint64_t event, bool with_event, struct hit *ret,
                         bool *interrupted)
{
    struct instant at = after_event(event);
    struct session *session;
    *ret = (struct hit){0};
    *interrupted = false;
    struct error *error = session_at(target, at, &session);
    if (error)
        return error;
    error = scan_on(target, session, UINT64_MAX, &at, ret, interrupted);
    if (!error && at.count && !*interrupted)
        error = checkpoint_keep(target, session, at);
    if (!error && with_event && target->watch_count && !*interrupted)
        error = scan_event(target, session, at, ret);
    session_close(session);
    return error;
}
