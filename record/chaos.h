/*
 * The decisions of `reel record --chaos`: which task runs, for how long, and where it is stopped.
 *
 * Rare interleavings need a task stopped in a window of a few instructions for as long as others
 * take for several steps. So a task that loses its turn *starves*: it is passed over for a random
 * number of decisions. No program hangs of it: decisions come at every call and at the end of every
 * slice, starving is bounded, and so is how often a task can be passed over for its priority.
 *
 * No run can try everything, so each has a *style*, drawn from its seed, whose rates lie orders of
 * magnitude apart: one stops tasks at nearly every call, another hardly ever but in many places
 * between calls, a third delays what comes back from calls.
 *
 * All is drawn from a generator whose state follows from the seed and the decisions before; only
 * delays and slices are spans of real time. Each group of tasks has decisions of its own, so that
 * what another process does at what moment does not change them.
 */
#ifndef REEL_RECORD_CHAOS_H
#define REEL_RECORD_CHAOS_H

#include "engine/base/types.h"

/* Rates are of 1024. */
struct chaos_style {
    unsigned lose_after_call; /* the turn is lost as a call is over */
    unsigned spots;           /* places between calls are set to stop at, as a task goes on, */
    unsigned stops;           /* and it stops there, when it comes to one */
    unsigned delays;          /* a task that may go on waits first, for up to */
    uint64_t delay_most;      /* ns */
    uint64_t slice_least, slice_most; /* ns without a call; 0: of no special length */
    unsigned starving_bits;           /* who loses the turn starves for up to 2^bits decisions */
};

struct chaos {
    bool on;
    uint64_t state;
    uint64_t clock; /* decisions so far; the end of a slice counts as CHAOS_SLICE_TICKS */
    struct chaos_style style;
};

struct chaos_task {
    uint32_t priority;
    uint64_t starves_until; /* clock */
    uint64_t not_before;    /* ns */
    unsigned passed_over;   /* so often since its last turn */
};

#define CHAOS_STARVING_BITS_MAX 9
#define CHAOS_SLICE_TICKS 64
#define CHAOS_PASSED_OVER_MAX 500

void chaos_init(struct chaos *chaos, uint64_t seed);
/* For a process that a task of `parent`'s has made. */
void chaos_fork(struct chaos *child, struct chaos *parent);

/* A number below `bound`, which is not 0. */
uint64_t chaos_below(struct chaos *chaos, uint64_t bound);

/* --- Who ------------------------------------------------------------------------------------- */

/* The task is new, or its call came back, at `now`: it may wait first. */
void chaos_woken(struct chaos *chaos, struct chaos_task *task, uint64_t now);
/* It loses the turn, at a point between calls or at a call. */
void chaos_loses(struct chaos *chaos, struct chaos_task *task, bool at_point);
/* Stopped with nobody to take its turn: whether it waits all the same, for others to come. */
bool chaos_waits_alone(struct chaos *chaos, struct chaos_task *task, uint64_t now);

/* Whether it is passed over as things are, unless nobody else is there. */
bool chaos_starves(const struct chaos *chaos, const struct chaos_task *task);

/* Whose turn it is: an index. `count`: nobody's before *retry (ns), when a task's delay is over. */
size_t chaos_choose(struct chaos *chaos, struct chaos_task *const *tasks, size_t count,
                    uint64_t now, uint64_t *retry);

/* --- When ------------------------------------------------------------------------------------ */

bool chaos_lose_after_call(struct chaos *chaos);
/* ns that a task keeps the turn without a call; 0: as usual. */
uint64_t chaos_slice(struct chaos *chaos);

enum chaos_slice_end { CHAOS_STOP_HERE, CHAOS_STOP_NEAR };
/* The slice is over: the task loses its turn where it is, or is set to stop somewhere near. */
enum chaos_slice_end chaos_slice_ends(struct chaos *chaos);

/* --- Where ----------------------------------------------------------------------------------- */

/* Whether a task that goes on is set to stop at places in its code. */
bool chaos_sets_spots(struct chaos *chaos);
enum chaos_spot {
    CHAOS_STOP,  /* it loses its turn there */
    CHAOS_CREEP, /* ... or at one of the next few instructions */
    CHAOS_PASS,  /* it goes on; the other places stay */
    CHAOS_MOVE,  /* it goes on, with other places */
};
enum chaos_spot chaos_at_spot(struct chaos *chaos);

#endif
