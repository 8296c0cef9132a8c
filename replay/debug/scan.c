/*
 * The last hit of a stretch: counted runs over windows of it, from its end towards its start, each
 * larger than the one before. So hits that are dense are found in the first few thousand
 * instructions; and since a run notes its last hit without a stop, it does not matter how many
 * there are.
 */
#include "replay/debug/target_private.h"

#define FIRST_WINDOW 2048
#define WINDOW_GROWTH 8

/* --- What the event itself writes ------------------------------------------------------------ */

static struct error *apply_event(struct target *target, struct session *session, int *watch)
{
    struct run_result ignored;
    struct error *error = stretch_run(session, &(struct run_conditions){0}, &ignored);
    return error ? error : stretch_apply(target, session, watch);
}

/* The stretch's end is a hit if its event changes watched bytes. */
static struct error *scan_event(struct target *target, uint64_t event, uint64_t length,
                                struct hit *ret)
{
    struct session *session;
    int watch = -1;
    if (!target->watch_count)
        return NULL;
    struct error *error = session_at(target, (struct position){event, length}, &session);
    if (error)
        return error;
    error = apply_event(target, session, &watch);
    session_close(session);
    if (error || watch < 0)
        return error;
    *ret = (struct hit){.any = true,
                        .count = length,
                        .insertion = target->insertions[target->watch_insertion[watch]]};
    return NULL;
}

/* --- Windows --------------------------------------------------------------------------------- */

/* The hit that a run, which began at count `from`, has noted. */
static void set_hit(const struct target *target, const struct run_note *note, uint64_t from,
                    struct hit *ret)
{
    int insertion = -1;
    if (note->any)
        insertion = note->is_watch ? (int)target->watch_insertion[note->watch]
                                   : breakpoint_at(target, note->breakpoint);
    if (insertion >= 0)
        *ret = (struct hit){
            .any = true, .count = from + note->count, .insertion = target->insertions[insertion]};
}

static struct error *scan_window(struct target *target, struct position from, uint64_t to,
                                 struct hit *ret, bool *interrupted)
{
    struct run_conditions conditions = target_conditions(target);
    struct position at = from;
    struct run_result result;
    struct session *session;
    conditions.notes = true;
    struct error *error = session_at(target, from, &session);
    if (error)
        return error;
    const struct event *next = session_next(session);
    if (next && next->reach != REACH_NOTHING) {
        error = count_on(target, session, &conditions, to - from.count, &at, &result);
        *interrupted = !error && result.end == RUN_ENDED_BY_INTERRUPT;
        if (!error)
            set_hit(target, &result.last_hit, from.count, ret);
    }
    session_close(session);
    return error;
}

struct error *scan_below(struct target *target, uint64_t event, uint64_t limit, struct hit *ret,
                         bool *interrupted)
{
    uint64_t window = FIRST_WINDOW, to = limit;
    struct error *error = NULL;
    *ret = (struct hit){0};
    *interrupted = false;
    while (!error && !ret->any && to && !*interrupted) {
        uint64_t from = to > window ? to - window : 0;
        error = scan_window(target, (struct position){event, from}, to, ret, interrupted);
        to = from;
        window *= WINDOW_GROWTH;
    }
    return error;
}

struct error *scan_whole(struct target *target, uint64_t event, struct hit *ret, bool *interrupted)
{
    uint64_t length;
    *ret = (struct hit){0};
    *interrupted = false;
    struct error *error = stretch_length(target, event, &length);
    if (!error)
        error = scan_event(target, event, length, ret);
    return error || ret->any ? error : scan_below(target, event, length + 1, ret, interrupted);
}
