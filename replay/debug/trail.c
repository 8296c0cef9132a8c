/*
 * What a long native run passes: copies of the session, made at ticks, of which two are kept.
 *
 * The way from the older to where the run ends is one tick to two, or so many as the price of
 * copies asks for: a process pays for a copy by copying each page that it writes afterwards.
 */
#include "replay/debug/target_private.h"

#define TICKS_BEFORE_FIRST 2 /* runs that are shorter are as soon counted as a whole */
#define FAULT_NS 3500u       /* measured: a page that a fork shares is written first */
#define COST_SHARE 64        /* of the run's time, at most */

void trail_drop(struct target *target)
{
    session_close(target->trail.older);
    session_close(target->trail.newer);
    target->trail = (struct trail){0};
}

void trail_begin(struct target *target)
{
    trail_drop(target);
}

/* Whether the newer copy has paid off. */
static bool is_due(const struct trail *trail, struct usage usage)
{
    if (!trail->newer)
        return trail->ticks >= TICKS_BEFORE_FIRST;
    uint64_t cost = trail->cost + (usage.faults - trail->faults) * FAULT_NS;
    return cost * COST_SHARE <= trail->ticks * TICK_NS;
}

struct error *trail_tick(struct target *target)
{
    struct trail *trail = &target->trail;
    struct session *copy;
    pid_t process = session_process(target->now);
    const struct usage before = process_usage(process);
    trail->ticks++;
    if (!is_due(trail, before))
        return NULL;
    struct error *error = session_fork(target->now, &copy);
    if (error)
        return error;
    session_close(trail->older);
    const struct usage usage = process_usage(process);
    *trail = (struct trail){.older = trail->newer,
                            .newer = copy,
                            .cost = 2 * (usage.nanoseconds - before.nanoseconds), /* its end, too */
                            .faults = usage.faults};
    return NULL;
}

struct error *trail_end(struct target *target, const struct hop *hop)
{
    struct session *older = target->trail.older;
    struct error *error = place_add_hop(&target->place, hop);
    if (!error && older) {
        target->trail.older = NULL;
        error = waypoint_add(target, older);
    }
    trail_drop(target);
    return error;
}
