/*
 * The last hit of a stretch: counted runs over windows of it, from its end towards its start, each
 * larger than the one before. So hits that are dense are found in the first few thousand
 * instructions, however many there are before them.
 *
 * The last window is kept: going back from hit to hit within it costs no further run.
 */
#include <stdlib.h>

#include "replay/debug/target_private.h"

void scan_deinit(struct stretch_scan *scan)
{
    free(scan->hits);
    *scan = (struct stretch_scan){0};
}

static struct error *add_hit(struct target *target, uint64_t count, size_t insertion)
{
    struct stretch_scan *scan = &target->scan;
    if (scan->count == scan->capacity) {
        size_t capacity = scan->capacity ? scan->capacity * 2 : 64;
        struct hit *grown = realloc(scan->hits, capacity * sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        scan->hits = grown;
        scan->capacity = capacity;
    }
    scan->hits[scan->count++] =
        (struct hit){.count = count, .insertion = target->insertions[insertion]};
    return NULL;
}

static struct error *add_breakpoint_here(struct target *target, struct session *session,
                                         uint64_t count)
{
    int insertion;
    struct error *error = breakpoint_at_start(target, session, &insertion);
    return error || insertion < 0 ? error : add_hit(target, count, (size_t)insertion);
}

/* Notes what a run ended with. A watch hit hides a breakpoint at the next instruction, which is
 * noted as well. */
static struct error *note(struct target *target, struct session *session, uint64_t count,
                          const struct run_result *result)
{
    struct error *error = NULL;
    if (result->end == RUN_ENDED_AT_WATCH)
        error = add_hit(target, count - 1, target->watch_insertion[result->watch]);
    if (error || (result->end != RUN_ENDED_AT_WATCH && result->end != RUN_ENDED_AT_BREAKPOINT))
        return error;
    return add_breakpoint_here(target, session, count);
}

/* --- What the event itself writes ------------------------------------------------------------ */

static struct error *apply_event(struct target *target, struct session *session, int *watch)
{
    struct run_result ignored;
    struct error *error = stretch_run(session, &(struct run_conditions){0}, &ignored);
    return error ? error : stretch_apply(target, session, watch);
}

/* Adds a hit at the stretch's end if its event changes watched bytes. */
static struct error *scan_event(struct target *target, uint64_t event, uint64_t length)
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
    return error || watch < 0 ? error : add_hit(target, length, target->watch_insertion[watch]);
}

/* --- Windows --------------------------------------------------------------------------------- */

#define FIRST_WINDOW 2048
#define WINDOW_GROWTH 8

static struct error *scan_on(struct target *target, struct session *session, uint64_t to,
                             bool *interrupted)
{
    struct run_conditions conditions = target_conditions(target);
    struct position at = {target->scan.event, target->scan.from};
    struct run_result result = {.end = RUN_ENDED_AT_LIMIT};
    bool ended = false;
    struct error *error = add_breakpoint_here(target, session, at.count);
    while (!error && !ended && at.count < to) {
        error = count_on(target, session, &conditions, to - at.count, &at, &result);
        if (!error)
            error = note(target, session, at.count, &result);
        *interrupted = result.end == RUN_ENDED_BY_INTERRUPT;
        ended = *interrupted || run_reached_event(&result);
    }
    return error;
}

static struct error *scan_window(struct target *target, uint64_t from, uint64_t to,
                                 bool *interrupted)
{
    struct stretch_scan *scan = &target->scan;
    struct session *session;
    scan->count = 0;
    scan->from = from;
    scan->to = to;
    struct error *error = session_at(target, (struct position){scan->event, from}, &session);
    if (error)
        return error;
    const struct event *next = session_next(session);
    if (next && next->reach != REACH_NOTHING)
        error = scan_on(target, session, to, interrupted);
    session_close(session);
    return error;
}

static const struct hit *last_below(const struct stretch_scan *scan, uint64_t limit)
{
    const struct hit *last = NULL;
    for (size_t i = 0; i < scan->count; i++)
        if (scan->hits[i].count < limit)
            last = &scan->hits[i];
    return last;
}

/* Makes the scan one of this stretch and these insertions; what it held of another is void. */
static void scan_begin(struct target *target, uint64_t event)
{
    struct stretch_scan *scan = &target->scan;
    if (scan->event == event && scan->fingerprint == target->fingerprint)
        return;
    scan->event = event;
    scan->fingerprint = target->fingerprint;
    scan->count = 0;
    scan->from = scan->to = 0;
}

struct error *scan_below(struct target *target, uint64_t event, uint64_t limit,
                         const struct hit **ret, bool *interrupted)
{
    struct stretch_scan *scan = &target->scan;
    uint64_t window = FIRST_WINDOW, to = limit;
    struct error *error = NULL;
    *ret = NULL;
    *interrupted = false;
    scan_begin(target, event);
    if (limit > scan->from && limit <= scan->to) {
        *ret = last_below(scan, limit);
        to = scan->from;
    }
    while (!error && !*ret && to && !*interrupted) {
        uint64_t from = to > window ? to - window : 0;
        error = scan_window(target, from, to, interrupted);
        *ret = last_below(scan, limit);
        to = from;
        window *= WINDOW_GROWTH;
    }
    if (error || *interrupted)
        scan->to = scan->from; /* not all of it was seen */
    return error;
}

struct error *scan_whole(struct target *target, uint64_t event, const struct hit **ret,
                         bool *interrupted)
{
    uint64_t length;
    *interrupted = false;
    scan_begin(target, event);
    target->scan.count = 0;
    target->scan.from = target->scan.to = 0;
    struct error *error = stretch_length(target, event, &length);
    if (!error)
        error = scan_event(target, event, length);
    *ret = target->scan.count ? &target->scan.hits[0] : NULL;
    if (error || *ret)
        return error;
    return scan_below(target, event, length + 1, ret, interrupted);
}
