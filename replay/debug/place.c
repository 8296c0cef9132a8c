#include <stdlib.h>

#include "replay/debug/target_private.h"

void place_set(struct place *place, struct instant start)
{
    free(place->hops);
    *place = (struct place){.start = start};
}

struct error *place_add_hop(struct place *place, const struct hop *hop)
{
    if (place->hop_count == 0 && hop->kind == HOP_STEPS) {
        place->start.count += hop->steps;
        return NULL;
    }
    struct hop *last = place->hop_count ? &place->hops[place->hop_count - 1] : NULL;
    if (last && last->kind == HOP_STEPS && hop->kind == HOP_STEPS) {
        last->steps += hop->steps;
        return NULL;
    }
    struct hop *grown = realloc(place->hops, (place->hop_count + 1) * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    place->hops = grown;
    place->hops[place->hop_count++] = *hop;
    return NULL;
}

/* Runs one hop again, counted. */
static struct error *follow(struct target *target, struct session *session, const struct hop *hop,
                            struct instant *position)
{
    static const enum run_end expected[] = {[HOP_TO_BREAKPOINT] = RUN_ENDED_AT_BREAKPOINT,
                                            [HOP_TO_WATCH] = RUN_ENDED_AT_WATCH,
                                            [HOP_STEPS] = RUN_ENDED_AT_LIMIT};
    struct run_conditions conditions = {.interrupted = &target->interrupted};
    struct run_result result;
    if (hop->kind == HOP_TO_BREAKPOINT) {
        conditions.breakpoints = &hop->breakpoint;
        conditions.breakpoint_count = 1;
    } else if (hop->kind == HOP_TO_WATCH) {
        conditions.watches = &hop->watch;
        conditions.watch_count = 1;
    }
    uint64_t limit = hop->kind == HOP_STEPS ? hop->steps : UINT64_MAX;
    struct error *error = count_on(target, session, &conditions, limit, position, &result);
    if (error)
        return error;
    if (result.end == RUN_ENDED_BY_INTERRUPT)
        return error_new("give it more time", "interrupted while counting instructions");
    bool at_event = run_reached_event(&result);
    if (hop->kind == HOP_TO_EVENT ? at_event : result.end == expected[hop->kind])
        return NULL;
    return error_new("please report it, with the trace",
                     "event %lu: counted steps do not lead where the run led", position->event);
}

struct error *place_follow(struct target *target, struct session *session, const struct hop *hops,
                           size_t count, struct instant *at)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < count; i++)
        error = follow(target, session, &hops[i], at);
    return error;
}

struct error *place_near(struct target *target, struct instant *ret)
{
    struct place *place = &target->place;
    *ret = place->start;
    if (place->hop_count == 0)
        return NULL;
    struct session *session;
    struct error *error = session_at(target, *ret, &session);
    if (error)
        return error;
    error = place_follow(target, session, place->hops, place->hop_count, ret);
    if (!error) {
        place->start = *ret;
        place->hop_count = 0;
        error = checkpoint_keep(target, session, *ret);
    }
    session_close(session);
    return error;
}

struct error *place_resolve(struct target *target, struct instant *ret)
{
    struct error *error = place_near(target, ret);
    return error ? error : waypoint_resolve(target, ret);
}
