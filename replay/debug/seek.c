/*
 * To a position: from the nearest checkpoint before it, event by event at native speed, then by
 * count.
 */
#include "engine/count/note.h"
#include "replay/debug/target_private.h"

/* Instructions between checkpoints; and a checkpoint shortly before the goal of a count, since who
 * goes back one instruction often goes back another. */
#define INSTRUCTIONS_BETWEEN (1u << 22)
#define PARTS_BETWEEN 64 /* and no less than this part of the stretch so far */
#define INSTRUCTIONS_BEFORE_GOAL 48

static struct error *run_to_event(struct target *target, struct session *session, uint64_t event)
{
    struct error *error = NULL;
    checkpoint_pass_begins(target);
    while (!error && session_event(session) < event) {
        if (!session_next(session))
            return error_new("'monitor events' says how many there are",
                             "the recording has no event %lu", event);
        uint64_t last = session_event(session) + EVENTS_PASSED;
        error = session_cross(session, last < event ? last : event);
        if (!error)
            error = checkpoint_after_event(target, session);
    }
    return error;
}

struct error *count_on(struct target *target, struct session *session,
                       const struct run_conditions *conditions, uint64_t limit,
                       struct instant *position, struct run_result *ret)
{
    struct error *error = NULL;
    struct run_note last_hit = {0};
    uint64_t count = 0;
    *ret = (struct run_result){.end = RUN_ENDED_AT_LIMIT};
    while (!error && limit && ret->end == RUN_ENDED_AT_LIMIT) {
        uint64_t part = position->count / PARTS_BETWEEN;
        uint64_t between = part < INSTRUCTIONS_BETWEEN ? INSTRUCTIONS_BETWEEN : part;
        uint64_t piece = limit < between ? limit : between;
        target->running = session_process(session);
        error = session_run_counted(session, conditions, piece, ret);
        target->running = 0;
        if (error)
            return error;
        note_hit(&last_hit, &ret->last_hit, count);
        limit -= ret->count;
        count += ret->count;
        position->count += ret->count;
        if (ret->count == between)
            error = checkpoint_keep(target, session, *position);
    }
    ret->last_hit = last_hit;
    return error;
}

static struct error *no_position(struct instant position, uint64_t count)
{
    return error_new("'monitor when' says what positions look like",
                     "there is no position %lu+%lu: event %lu comes after %lu instructions",
                     position.event, position.count, position.event + 1, count);
}

static struct error *count_to(struct target *target, struct session *session, struct instant at,
                              struct instant position)
{
    struct run_conditions conditions = {.interrupted = &target->interrupted};
    struct run_result result = {.end = RUN_ENDED_AT_LIMIT};
    uint64_t left = position.count - at.count;
    struct error *error = NULL;
    if (!session_next(session) || session_next(session)->reach == REACH_NOTHING)
        return no_position(position, 0);
    if (left > 2 * INSTRUCTIONS_BEFORE_GOAL) {
        error =
            count_on(target, session, &conditions, left - INSTRUCTIONS_BEFORE_GOAL, &at, &result);
        if (!error && result.end == RUN_ENDED_AT_LIMIT)
            error = checkpoint_keep(target, session, at);
        left = INSTRUCTIONS_BEFORE_GOAL;
    }
    if (!error && result.end == RUN_ENDED_AT_LIMIT)
        error = count_on(target, session, &conditions, left, &at, &result);
    if (error || result.end == RUN_ENDED_AT_LIMIT)
        return error;
    if (result.end == RUN_ENDED_BY_INTERRUPT)
        return error_new("give it more time", "interrupted on the way to %lu+%lu", position.event,
                         position.count);
    return no_position(position, at.count);
}

struct error *session_at(struct target *target, struct instant position, struct session **ret)
{
    struct checkpoint *checkpoint = checkpoint_before(target, position);
    struct instant at = checkpoint->position;
    struct session *session;
    struct error *error = session_fork(checkpoint->session, &session);
    if (error)
        return error;
    if (at.event < position.event) {
        error = run_to_event(target, session, position.event);
        at = after_event(position.event);
    }
    if (!error && at.count < position.count)
        error = count_to(target, session, at, position);
    if (error)
        session_close(session);
    else
        *ret = session;
    return error;
}

struct error *stretch_end(struct target *target, uint64_t event, struct instant *ret)
{
    struct run_conditions conditions = {.interrupted = &target->interrupted};
    struct run_result result;
    struct session *session;
    *ret = after_event(event);
    ret->waypoint = waypoint_before_event(target, event);
    if (target->events[event + 1].reach == REACH_NOTHING)
        return NULL;
    struct error *error = session_at(target, *ret, &session);
    if (error)
        return error;
    error = count_on(target, session, &conditions, UINT64_MAX, ret, &result);
    if (!error && result.end == RUN_ENDED_BY_INTERRUPT)
        error = error_new("give it more time", "interrupted while counting instructions");
    if (!error && ret->count)
        error = checkpoint_keep(target, session, *ret);
    session_close(session);
    return error;
}
