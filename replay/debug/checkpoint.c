/*
 * Checkpoints: copies of the session, kept where they save time.
 *
 * Those at events are spread over the recording, by time replayed: when there are too many, every
 * second goes and the interval doubles. Those within stretches are where somebody counts
 * instructions; the one goes that is nearest to others, of those that were not used lately.
 */
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "replay/debug/target_private.h"

#define FIRST_INTERVAL 50000000ull /* ns */
#define KEPT_AS_USED 16            /* uses */

static uint64_t now_ns(void)
{
    struct timespec now;
    syscall(__NR_clock_gettime, CLOCK_MONOTONIC,
            &now); /* the vdso would read the trapped counter */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void checkpoints_deinit(struct checkpoints *checkpoints)
{
    for (size_t i = 0; i < checkpoints->event_count; i++)
        session_close(checkpoints->at_events[i].session);
    for (size_t i = 0; i < checkpoints->stretch_count; i++)
        session_close(checkpoints->in_stretches[i].session);
}

static struct checkpoint *latest_before(struct checkpoint *array, size_t count,
                                        struct instant position)
{
    struct checkpoint *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (instant_compare(array[i].position, position) <= 0 &&
            (!best || instant_compare(best->position, array[i].position) < 0))
            best = &array[i];
    return best;
}

struct checkpoint *checkpoint_before(struct target *target, struct instant position)
{
    struct checkpoints *checkpoints = &target->checkpoints;
    struct checkpoint *at_event =
        latest_before(checkpoints->at_events, checkpoints->event_count, position);
    struct checkpoint *in_stretch =
        latest_before(checkpoints->in_stretches, checkpoints->stretch_count, position);
    struct checkpoint *best = at_event;
    if (in_stretch && instant_compare(at_event->position, in_stretch->position) < 0)
        best = in_stretch;
    for (size_t i = 0; i < WAYPOINTS; i++) {
        struct checkpoint *waypoint = &target->waypoints[i].checkpoint;
        if (waypoint->session && instant_compare(waypoint->position, position) <= 0 &&
            instant_compare(best->position, waypoint->position) < 0)
            best = waypoint;
    }
    best->used = ++checkpoints->uses;
    return best;
}

struct checkpoint *event_checkpoint_before(struct target *target, uint64_t event)
{
    struct checkpoints *checkpoints = &target->checkpoints;
    if (event == 0)
        return NULL;
    return latest_before(checkpoints->at_events, checkpoints->event_count, after_event(event - 1));
}

static void drop_every_second(struct checkpoints *checkpoints)
{
    size_t kept = 0;
    for (size_t i = 0; i < checkpoints->event_count; i++) {
        if (i % 2)
            session_close(checkpoints->at_events[i].session);
        else
            checkpoints->at_events[kept++] = checkpoints->at_events[i];
    }
    checkpoints->event_count = kept;
    checkpoints->interval *= 2;
}

static void insert_at_event(struct checkpoints *checkpoints, const struct checkpoint *checkpoint)
{
    if (checkpoints->event_count == EVENT_CHECKPOINTS)
        drop_every_second(checkpoints);
    size_t at = checkpoints->event_count++;
    while (at &&
           instant_compare(checkpoint->position, checkpoints->at_events[at - 1].position) < 0) {
        checkpoints->at_events[at] = checkpoints->at_events[at - 1];
        at--;
    }
    checkpoints->at_events[at] = *checkpoint;
}

/* How far it is from the checkpoint before to the one behind; the ends of the stretch are far. */
static uint64_t gap_around(const struct checkpoints *checkpoints, const struct checkpoint *of)
{
    uint64_t before = 0, behind = UINT64_MAX;
    for (size_t i = 0; i < checkpoints->stretch_count; i++) {
        const struct instant *at = &checkpoints->in_stretches[i].position;
        if (at->event != of->position.event || at->waypoint != of->position.waypoint)
            continue;
        if (at->count < of->position.count && at->count > before)
            before = at->count;
        if (at->count > of->position.count && at->count < behind)
            behind = at->count;
    }
    return behind - before;
}

/* Without it, the least is to be counted again; what was used lately stays. */
static struct checkpoint *least_missed(struct checkpoints *checkpoints)
{
    struct checkpoint *best = NULL;
    uint64_t least = 0;
    for (size_t i = 0; i < checkpoints->stretch_count; i++) {
        struct checkpoint *checkpoint = &checkpoints->in_stretches[i];
        if (checkpoint->used + KEPT_AS_USED > checkpoints->uses)
            continue;
        uint64_t gap = gap_around(checkpoints, checkpoint);
        if (!best || gap < least) {
            best = checkpoint;
            least = gap;
        }
    }
    return best ? best : &checkpoints->in_stretches[0];
}

static void insert_in_stretch(struct checkpoints *checkpoints, const struct checkpoint *checkpoint)
{
    if (checkpoints->stretch_count < STRETCH_CHECKPOINTS) {
        checkpoints->in_stretches[checkpoints->stretch_count++] = *checkpoint;
        return;
    }
    struct checkpoint *worst = least_missed(checkpoints);
    session_close(worst->session);
    *worst = *checkpoint;
}

struct error *checkpoint_keep(struct target *target, struct session *session,
                              struct instant position)
{
    struct checkpoints *checkpoints = &target->checkpoints;
    struct checkpoint checkpoint = {.position = position, .used = ++checkpoints->uses};
    if (checkpoints->event_count &&
        instant_compare(checkpoint_before(target, position)->position, position) == 0)
        return NULL;
    struct error *error = session_fork(session, &checkpoint.session);
    if (error)
        return error;
    if (!checkpoints->interval)
        checkpoints->interval = FIRST_INTERVAL;
    if (position.count)
        insert_in_stretch(checkpoints, &checkpoint);
    else
        insert_at_event(checkpoints, &checkpoint);
    return NULL;
}

void checkpoint_pass_begins(struct target *target)
{
    target->checkpoints.since = now_ns();
}

struct error *checkpoint_after_event(struct target *target, struct session *session)
{
    struct checkpoints *checkpoints = &target->checkpoints;
    uint64_t now = now_ns();
    if (now - checkpoints->since < checkpoints->interval)
        return NULL;
    checkpoints->since = now;
    return checkpoint_keep(target, session, after_event(session_event(session)));
}
