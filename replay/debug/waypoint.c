/*
 * Waypoints: where counts begin whose own count is not known yet.
 */
#include <stdlib.h>

#include "replay/debug/target_private.h"

static struct waypoint *waypoint_of(struct target *target, unsigned number)
{
    return &target->waypoints[number - 1];
}

static void drop(struct waypoint *waypoint)
{
    session_close(waypoint->checkpoint.session);
    free(waypoint->origin.hops);
    *waypoint = (struct waypoint){0};
}

void waypoints_deinit(struct target *target)
{
    for (size_t i = 0; i < WAYPOINTS; i++)
        drop(&target->waypoints[i]);
}

/* --- Making them ----------------------------------------------------------------------------- */

static void drop_checkpoints(struct checkpoints *checkpoints, unsigned number)
{
    size_t kept = 0;
    for (size_t i = 0; i < checkpoints->stretch_count; i++) {
        if (checkpoints->in_stretches[i].position.waypoint == number)
            session_close(checkpoints->in_stretches[i].session);
        else
            checkpoints->in_stretches[kept++] = checkpoints->in_stretches[i];
    }
    checkpoints->stretch_count = kept;
}

/* Whether a place is counted from it. */
static bool is_needed(const struct target *target, unsigned number)
{
    bool needed = target->place.start.waypoint == number;
    for (size_t i = 0; i < WAYPOINTS && !needed; i++)
        needed = target->waypoints[i].origin.start.waypoint == number;
    return needed;
}

/* A free number, or the one that was not used for longest of those that can go; 0: none. */
static unsigned number_to_use(const struct target *target)
{
    unsigned best = 0;
    uint64_t oldest = UINT64_MAX;
    for (unsigned number = 1; number <= WAYPOINTS; number++) {
        const struct checkpoint *checkpoint = &target->waypoints[number - 1].checkpoint;
        if (!checkpoint->session)
            return number;
        if (checkpoint->used < oldest && !is_needed(target, number)) {
            best = number;
            oldest = checkpoint->used;
        }
    }
    return best;
}

struct error *waypoint_add(struct target *target, struct session *session)
{
    struct place *place = &target->place;
    const struct hop last = place->hops[place->hop_count - 1];
    unsigned number = number_to_use(target);
    if (!number) {
        session_close(session);
        return NULL;
    }
    const struct instant at = {.event = place->start.event, .waypoint = number};
    struct waypoint *waypoint = waypoint_of(target, number);
    drop_checkpoints(&target->checkpoints, number);
    drop(waypoint);
    waypoint->checkpoint =
        (struct checkpoint){.position = at, .session = session, .used = ++target->checkpoints.uses};
    waypoint->origin = *place;
    *place = (struct place){.start = at};
    return place_add_hop(place, &last);
}

unsigned waypoint_before_event(const struct target *target, uint64_t event)
{
    for (unsigned number = 1; number <= WAYPOINTS; number++) {
        const struct place *origin = &target->waypoints[number - 1].origin;
        if (origin->hop_count && origin->start.event == event &&
            origin->hops[origin->hop_count - 1].kind == HOP_TO_EVENT)
            return number;
    }
    return 0;
}

/* --- Finding their counts -------------------------------------------------------------------- */

/* Where the hops lead. */
static struct error *lead(struct target *target, struct instant from, const struct hop *hops,
                          size_t count, struct instant *ret)
{
    struct session *session;
    *ret = from;
    struct error *error = session_at(target, from, &session);
    if (error)
        return error;
    error = place_follow(target, session, hops, count, ret);
    session_close(session);
    return error;
}

/* The waypoint's count, from where its origin is counted from. */
static struct error *measure(struct target *target, const struct waypoint *waypoint, uint64_t *ret)
{
    const struct place *origin = &waypoint->origin;
    struct instant end, near;
    const struct hop *last = &origin->hops[origin->hop_count - 1];
    struct error *error = lead(target, origin->start, origin->hops, origin->hop_count, &end);
    if (!error)
        error = lead(target, waypoint->checkpoint.position, last, 1, &near);
    if (error)
        return error;
    if (near.count > end.count)
        return error_new("please report it, with the trace",
                         "event %lu: a part of a run is longer than the run", end.event);
    *ret = end.count - near.count;
    return NULL;
}

static void shift(struct instant *at, unsigned number, uint64_t count)
{
    if (at->waypoint != number)
        return;
    at->waypoint = 0;
    at->count += count;
}

/* From now on, what was counted from the waypoint is counted from its event. */
static struct error *settle(struct target *target, unsigned number, uint64_t count)
{
    struct waypoint *waypoint = waypoint_of(target, number);
    struct checkpoints *checkpoints = &target->checkpoints;
    for (size_t i = 0; i < checkpoints->stretch_count; i++)
        shift(&checkpoints->in_stretches[i].position, number, count);
    for (size_t i = 0; i < WAYPOINTS; i++)
        shift(&target->waypoints[i].origin.start, number, count);
    shift(&target->place.start, number, count);
    struct checkpoint known = waypoint->checkpoint;
    waypoint->checkpoint = (struct checkpoint){0};
    drop(waypoint);
    shift(&known.position, number, count);
    struct error *error = checkpoint_keep(target, known.session, known.position);
    session_close(known.session);
    return error;
}

struct error *waypoint_resolve(struct target *target, struct instant *at)
{
    uint64_t count = 0;
    unsigned number = at->waypoint;
    if (!number)
        return NULL;
    /* Its origin may itself be counted from another, which then goes first. */
    struct instant origin = waypoint_of(target, number)->origin.start;
    struct error *error = waypoint_resolve(target, &origin);
    if (!error)
        error = measure(target, waypoint_of(target, number), &count);
    if (!error)
        error = settle(target, number, count);
    if (!error)
        shift(at, number, count);
    return error;
}
