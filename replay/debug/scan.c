/*
 * A scan of one stretch: every hit of the conditions, in one counted pass. It is kept, so that
 * going back from hit to hit of a stretch costs one pass and not one for each.
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

/* The event itself may write what is watched. */
static struct error *scan_event(struct target *target, struct session *session, uint64_t count,
                                const struct run_result *end)
{
    int watch;
    struct run_result ignored;
    struct error *error = NULL;
    target->scan.complete = true;
    if (!target->watch_count)
        return NULL;
    if (end->end == RUN_ENDED_AT_CALL)
        error = stretch_run(session, &(struct run_conditions){0}, &ignored);
    if (!error)
        error = stretch_apply(target, session, &watch);
    return error || watch < 0 ? error : add_hit(target, count, target->watch_insertion[watch]);
}

/* A stretch in which nothing runs: only its event can hit. */
static struct error *scan_standstill(struct target *target, struct session *session)
{
    const struct run_result end = {.end = RUN_ENDED_AT_SIGNAL};
    return session_next(session) ? scan_event(target, session, 0, &end) : NULL;
}

static struct error *scan_on(struct target *target, struct session *session, struct position at,
                             uint64_t limit, bool *interrupted)
{
    struct run_conditions conditions = target_conditions(target);
    struct run_result result = {.end = RUN_ENDED_AT_LIMIT};
    struct error *error = NULL;
    while (!error && at.count < limit) {
        error = count_on(target, session, &conditions, limit - at.count, &at, &result);
        if (!error)
            error = note(target, session, at.count, &result);
        if (!error && (result.end == RUN_ENDED_AT_CALL || result.end == RUN_ENDED_AT_SIGNAL)) {
            target->scan.scanned = at.count;
            return scan_event(target, session, at.count, &result);
        }
        if (!error && result.end == RUN_ENDED_BY_INTERRUPT) {
            *interrupted = true;
            return NULL;
        }
    }
    target->scan.scanned = at.count;
    return error;
}

struct error *scan_stretch(struct target *target, uint64_t event, uint64_t limit, bool *interrupted)
{
    struct stretch_scan *scan = &target->scan;
    struct session *session;
    *interrupted = false;
    bool same = scan->valid && scan->event == event && scan->fingerprint == target->fingerprint;
    if (same && (scan->complete || scan->scanned >= limit))
        return NULL;
    scan_deinit(scan);
    scan->valid = true;
    scan->event = event;
    scan->fingerprint = target->fingerprint;
    struct error *error = session_at(target, (struct position){event, 0}, &session);
    if (error)
        return error;
    if (!session_next(session) || session_next(session)->reach == REACH_NOTHING) {
        error = scan_standstill(target, session);
    } else {
        error = add_breakpoint_here(target, session, 0);
        if (!error)
            error = scan_on(target, session, (struct position){event, 0}, limit, interrupted);
    }
    session_close(session);
    return error;
}
