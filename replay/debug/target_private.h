/*
 * A target's fields, for the files of replay/debug/ only.
 *
 * Where the target stands: after event `event`, and then `count` instructions on. A run at native
 * speed does not count; what is known after one is by what *hops* the target came from `count` to
 * where it stands (the first visit of a breakpoint, the next hit of a watch, the end of the
 * stretch). The count is found, by running the hops again in counted steps, when somebody asks for
 * it: going backwards does.
 *
 * A long run leaves a *waypoint* behind, a copy of a state that it passed shortly before its end.
 * Going back from there needs no more than the way from the waypoint on, counted from it. What the
 * waypoint's own count is, is found only when that is needed: for a position with a name, or to go
 * back behind it. It is what the whole run has more instructions than the way from the waypoint:
 *
 *     event             waypoint      end of the run
 *       |-----------------|-------------|          native, no counts
 *                         |<--- c1 ---->|          going back from the end
 *       |<------------- c2 ------------>|          the waypoint is at event+(c2-c1)
 */
#ifndef REEL_DEBUG_TARGET_PRIVATE_H
#define REEL_DEBUG_TARGET_PRIVATE_H

#include "engine/count/run.h"
#include "engine/tracee/ticks.h"
#include "engine/tracee/usage.h"
#include "replay/debug/target.h"
#include "replay/session.h"

/* What the timeline needs of every event, in memory. */
struct event_summary {
    uint32_t tid;
    uint8_t kind, reach;
};

/* A position; or the same counted from a waypoint of the stretch. */
struct instant {
    uint64_t event;
    unsigned waypoint; /* 0: counted from the event; else its number */
    uint64_t count;
};

static inline struct instant after_event(uint64_t event)
{
    return (struct instant){.event = event};
}

/* By event, then by where they are counted from: of two that are counted from different places
 * nobody knows which is earlier. */
static inline int instant_compare(struct instant a, struct instant b)
{
    if (a.event != b.event)
        return a.event < b.event ? -1 : 1;
    if (a.waypoint != b.waypoint)
        return a.waypoint < b.waypoint ? -1 : 1;
    return a.count < b.count ? -1 : a.count > b.count;
}

enum hop_kind { HOP_TO_BREAKPOINT, HOP_TO_WATCH, HOP_STEPS, HOP_TO_EVENT };

struct hop {
    enum hop_kind kind;
    struct breakpoint breakpoint; /* HOP_TO_BREAKPOINT */
    struct watch watch;           /* HOP_TO_WATCH */
    uint64_t steps;               /* HOP_STEPS */
};

struct place {
    struct instant start; /* of the first hop */
    struct hop *hops;
    size_t hop_count;
    bool at_event; /* the next event was reached, and is to be applied */
};

struct insertion {
    enum watch_kind kind;
    taddr address;
    uint64_t length;
    struct condition condition; /* WATCH_EXECUTE */
};

struct checkpoint {
    struct instant position;
    struct session *session;
    uint64_t used; /* when last, in uses of any */
};

#define EVENT_CHECKPOINTS 24
#define STRETCH_CHECKPOINTS 64

struct checkpoints {
    struct checkpoint at_events[EVENT_CHECKPOINTS]; /* by position; the first is 0+0 */
    size_t event_count;
    struct checkpoint in_stretches[STRETCH_CHECKPOINTS];
    size_t stretch_count;
    uint64_t interval; /* ns of replay between those at events */
    uint64_t since;    /* when the running pass met one last */
    uint64_t uses;
};

#define WAYPOINTS 8

/* Of the run by the origin's last hop, which leads from here to where it led from its start. */
struct waypoint {
    struct checkpoint checkpoint; /* its session is NULL: free to be used */
    struct place origin;
};

/* What the run under way has passed. At its end the older becomes a waypoint: the other may be too
 * near. */
struct trail {
    struct session *older, *newer;
    unsigned ticks;  /* since the run began, or since the newer */
    uint64_t cost;   /* ns of making the newer */
    uint64_t faults; /* of the process, when it was made */
};

/* What would have stopped a run. */
struct hit {
    bool any;
    struct instant at; /* the instruction about to be executed there hits; or the event, at the
                          stretch's end */
    struct insertion insertion;
};

struct target {
    struct trace_reader *reader;
    const struct stream_info *info;
    struct store *store;
    struct session_options options;
    struct event_summary *events;
    uint64_t event_count;
    uint64_t end_event; /* behind it there are only ends of tasks */

    struct session *now;
    struct place place;
    uint32_t current; /* the task that the last stop was about */

    struct insertion *insertions;
    size_t insertion_count;
    struct breakpoint *breakpoints; /* compiled from them, for runs */
    size_t breakpoint_count;
    struct watch *watches;
    size_t watch_count;
    size_t *watch_insertion; /* which insertion a watch is */
    volatile bool interrupted;
    volatile pid_t running; /* the process that is running now, to be interrupted; 0: none */

    struct checkpoints checkpoints;
    struct waypoint waypoints[WAYPOINTS]; /* number 1 is the first */
    struct trail trail;
    uint8_t xsave[XSAVE_MAX];
    uint8_t siginfo[SIGINFO_BYTES];
    bool has_siginfo;
};

/* --- target.c --- */
/* The task that runs in the stretch where the target stands; 0 at the end. */
uint32_t stretch_task(const struct target *target);
/* Makes `session`, standing there, the target's; the former is closed. */
void target_adopt(struct target *target, struct session *session, struct instant at);

/* --- place.c --- */
void place_set(struct place *place, struct instant start);
struct error *place_add_hop(struct place *place, const struct hop *hop) MUST_CHECK;
/* Follows the hops, counted, from `*at`, where the session stands. */
struct error *place_follow(struct target *target, struct session *session, const struct hop *hops,
                           size_t count, struct instant *at) MUST_CHECK;
/* Finds the count, from the event or a waypoint. */
struct error *place_near(struct target *target, struct instant *ret) MUST_CHECK;
/* Finds the count from the event. */
struct error *place_resolve(struct target *target, struct instant *ret) MUST_CHECK;

/* --- trail.c --- */
/* How often runs have to tick, in processor time of the process. */
#define TICK_NS 250000000ull
/* A native run of target->now begins. */
void trail_begin(struct target *target);
/* The run has been stopped by a tick, and is to go on. */
struct error *trail_tick(struct target *target) MUST_CHECK;
/* The run has ended: by this hop it led to where the target stands. */
struct error *trail_end(struct target *target, const struct hop *hop) MUST_CHECK;
void trail_drop(struct target *target);

/* --- waypoint.c --- */
/* Makes a waypoint of the session, which the run passed that led to the target's place. The place
 * is counted from it then. `session` is the callee's. */
struct error *waypoint_add(struct target *target, struct session *session) MUST_CHECK;
/* A waypoint that a run passed which reached the event after stretch `event`; 0: none. */
unsigned waypoint_before_event(const struct target *target, uint64_t event);
/* Finds what the same instant is, counted from its event. All that is counted from that waypoint
 * (checkpoints, places) is then counted from the event, and the waypoint is gone. */
struct error *waypoint_resolve(struct target *target, struct instant *at) MUST_CHECK;
void waypoints_deinit(struct target *target);

/* --- insertions.c --- */
struct run_conditions target_conditions(const struct target *target);
/* An insertion of a breakpoint at the address, whatever its condition; -1: none. */
int breakpoint_at(const struct target *target, taddr address);
/* One where the task stands, whose condition holds; -1: none. */
struct error *breakpoint_met(struct target *target, struct session *session, uint32_t tid,
                             int *ret) MUST_CHECK;
/* The first watch for writes whose bytes differ between two sessions' snapshots. */
struct watch_snapshot {
    uint8_t *bytes;
};
struct error *snapshot_watched(struct target *target, struct session *session,
                               struct watch_snapshot *ret) MUST_CHECK;
int changed_watch(struct target *target, struct session *session,
                  const struct watch_snapshot *before);
void snapshot_deinit(struct watch_snapshot *snapshot);

/* --- stretch.c --- */
/*
 * Lets the session's current stretch run on, to its event (*ret says at a call or a signal:
 * compared with the recording) or to a condition. A stretch whose event needs no running is at its
 * event at once.
 */
struct error *stretch_run(struct session *session, const struct run_conditions *conditions,
                          struct run_result *ret) MUST_CHECK;
/*
 * Lets the session run through calls that need no stop, of events before `end`:
 * session_pass_calls(). Where it ends at a limit, the rest of the stretch is to be run by
 * stretch_run().
 */
struct error *stretch_pass_calls(struct session *session, const struct run_conditions *conditions,
                                 uint64_t end, struct run_result *ret, bool *passed) MUST_CHECK;
/* Applies the event that was reached; *watch: the watch whose bytes it changed, or -1. */
struct error *stretch_apply(struct target *target, struct session *session, int *watch) MUST_CHECK;
/* Whether the session's next task stands at a breakpoint before it has run: its insertion, or -1.
 */
struct error *breakpoint_at_start(struct target *target, struct session *session,
                                  int *ret) MUST_CHECK;

/* So many calls at most are passed at once, without a stop and without a checkpoint. */
#define EVENTS_PASSED 1000

/* --- checkpoint.c --- */
void checkpoints_deinit(struct checkpoints *checkpoints);
/* The last checkpoint or waypoint at or before the position; never NULL. For one that is counted
 * from a waypoint: of those that are, too. */
struct checkpoint *checkpoint_before(struct target *target, struct instant position);
/* The last checkpoint at an event before event number `event`; NULL if there is none. */
struct checkpoint *event_checkpoint_before(struct target *target, uint64_t event);
/* Keeps a copy of the session, which stands at the position. */
struct error *checkpoint_keep(struct target *target, struct session *session,
                              struct instant position) MUST_CHECK;
/* After an event: keeps a copy if the last one is long ago. `checkpoint_pass_begins` first. */
void checkpoint_pass_begins(struct target *target);
struct error *checkpoint_after_event(struct target *target, struct session *session) MUST_CHECK;

/* --- seek.c --- */
/* A session of its own that stands at the position. */
struct error *session_at(struct target *target, struct instant position,
                         struct session **ret) MUST_CHECK;
/* A counted run, to a limit or a condition, leaving checkpoints. `*position` is moved on. */
struct error *count_on(struct target *target, struct session *session,
                       const struct run_conditions *conditions, uint64_t limit,
                       struct instant *position, struct run_result *ret) MUST_CHECK;

/* The end of the stretch after `event`, before its event; from a waypoint, where there is one. */
struct error *stretch_end(struct target *target, uint64_t event, struct instant *ret) MUST_CHECK;

/* --- scan.c --- */
/* The last hit before `limit`, down to where that is counted from. *interrupted: not all was looked
 * at. */
struct error *scan_below(struct target *target, struct instant limit, struct hit *ret,
                         bool *interrupted) MUST_CHECK;
/* The same of the whole stretch `event`, and, if asked, of what its event writes. */
struct error *scan_whole(struct target *target, uint64_t event, bool with_event, struct hit *ret,
                         bool *interrupted) MUST_CHECK;

/* --- forward.c, backward.c --- */
/* To where a forward run without conditions ends. */
struct error *run_to_end(struct target *target) MUST_CHECK;
struct error *resume_forward(struct target *target, const struct resume *resume,
                             struct target_stop *ret) MUST_CHECK;
struct error *resume_backward(struct target *target, const struct resume *resume,
                              struct target_stop *ret) MUST_CHECK;
void stop_at_insertion(const struct insertion *hit, uint32_t tid, struct target_stop *ret);

#endif
