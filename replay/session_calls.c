/*
 * Through events CALL_FAST without stops: their entries go into the vessel's slot, as many as fit,
 * the task runs, and the hook in the vessel takes one after the other. What is taken was compared,
 * and applied, there.
 *
 *   gather ──> arm ──> run ──> how many were taken? ──> the cursor behind them
 *
 * The task is to stop at the event behind the batch, so that must be one that it runs into; else
 * the batch's last call is left for a stop.
 */
#include "engine/base/call_entry.h"
#include "engine/tracee/reel_page.h"
#include "replay/session_private.h"
#include "replay/vessel_hook.h"

struct batch {
    uint64_t first; /* event */
    uint64_t count;
    size_t bytes, last_bytes; /* of entries: of all, and of the last */
    uint32_t tid;
};

/* --- Gathering ------------------------------------------------------------------------------- */

/* Whether the call wrote nothing where our own things are. */
static bool outputs_are_good(const uint8_t *bytes, const struct call_entry *entry)
{
    size_t at = sizeof(*entry);
    for (unsigned i = 0; i < entry->outputs; i++) {
        struct call_output output;
        const uint8_t *contents;
        at = call_output_at(bytes, at, &output, &contents);
        if (output.address < REEL_AREA_END && output.address + output.bytes > REEL_PAGE)
            return false;
    }
    return true;
}

/* What the program printed is read out of its memory when the call has been reached. */
static struct error *can_serve(struct session *session, const uint8_t *bytes,
                               const struct run_conditions *conditions, bool *ret)
{
    const struct call_entry entry = call_entry_at(bytes);
    *ret = false;
    if ((entry.printed && session->options->output) || !outputs_are_good(bytes, &entry))
        return NULL;
    return vessel_patch_window(session->vessel, entry.rip, conditions, ret);
}

/* Adds entries of the record that the next event is in; *whole: all that are left of it. */
static struct error *add_entries(struct session *session, const struct run_conditions *conditions,
                                 uint64_t last, struct batch *batch, bool *whole)
{
    const struct event *next = session->next;
    uint64_t number = next->number;
    size_t done = 0;
    bool served = true;
    struct error *error = NULL;
    while (!error && done < next->entries_size && number <= last) {
        const uint8_t *entry = next->entry + done;
        size_t bytes = call_entry_at(entry).bytes;
        if (batch->bytes + done + bytes > VESSEL_SLOT_ENTRIES)
            break;
        error = can_serve(session, entry, conditions, &served);
        if (error || !served)
            break;
        batch->last_bytes = bytes;
        done += bytes;
        number++;
    }
    *whole = done == next->entries_size;
    if (error || done == 0)
        return error;
    error = vessel_fill_slot(session->vessel, batch->bytes, next->entry, done);
    batch->bytes += done;
    batch->count += number - next->number;
    return error ? error : session_seek(session, number);
}

/* Whether the task, when it runs on, comes to the next event by itself. */
static bool runs_into_next(const struct session *session, uint32_t tid)
{
    const struct event *next = session->next;
    return next && next->tid == tid && (next->reach == REACH_CALL || next->reach == REACH_TRAP);
}

/* Moves the cursor behind what it gathers. */
static struct error *gather(struct session *session, const struct run_conditions *conditions,
                            uint64_t last, struct batch *ret)
{
    bool whole = true;
    struct error *error = NULL;
    *ret = (struct batch){.first = session->next->number, .tid = session->next->tid};
    while (!error && whole && session->next && session->next->kind == EVENT_CALL_FAST &&
           session->next->tid == ret->tid)
        error = add_entries(session, conditions, last, ret, &whole);
    if (error || ret->count == 0 || runs_into_next(session, ret->tid))
        return error;
    ret->count--;
    ret->bytes -= ret->last_bytes;
    return session_seek(session, ret->first + ret->count);
}

/* --- Running --------------------------------------------------------------------------------- */

/* The number of calls that so many bytes of the batch are. */
static struct error *count_taken(struct session *session, const struct batch *batch, uint32_t taken,
                                 uint64_t *ret)
{
    uint64_t bytes = 0;
    *ret = 0;
    struct error *error = session_seek(session, batch->first);
    while (!error && bytes < taken && *ret < batch->count) {
        bytes += call_entry_at(session->next->entry).bytes;
        ++*ret;
        error = session_advance(session);
    }
    if (!error && bytes != taken)
        return session_diverged(session, "the calls that were taken from the slot", 0);
    return error;
}

/* Now that the run has ended: the session stands behind the last call that was taken. */
static struct error *settle(struct session *session, const struct batch *batch)
{
    uint32_t taken;
    uint64_t count = batch->count;
    struct error *error = vessel_calls_taken(session->vessel, &taken);
    if (!error && taken != batch->bytes)
        error = vessel_arm_slot(session->vessel, 0);
    if (!error && taken != batch->bytes)
        error = count_taken(session, batch, taken, &count);
    if (error || count == 0)
        return error;
    session->event = batch->first + count - 1;
    session->last_tid = batch->tid;
    session->point_checks = 0;
    return NULL;
}

static struct error *run(struct session *session, const struct run_conditions *conditions,
                         const struct batch *batch, struct run_result *ret)
{
    struct run_conditions all = conditions ? *conditions : (struct run_conditions){0};
    all.next_call = taddr_of(session->next->before.value[TRACE_RIP]);
    struct error *error = vessel_arm_slot(session->vessel, batch->bytes);
    if (error)
        return error;
    do {
        error = vessel_run_native(session->vessel, &all, ret);
    } while (!error && ret->end == RUN_ENDED_BY_INTERRUPT && !all.interrupted);
    return error;
}

struct error *session_pass_calls(struct session *session, const struct run_conditions *conditions,
                                 uint64_t last, struct run_result *ret, bool *passed)
{
    struct tracee *tracee;
    struct batch batch;
    *passed = false;
    if (!session->next || session->next->kind != EVENT_CALL_FAST || session->arrived ||
        session->options->way != SESSION_RUNS_NATIVELY || (conditions && conditions->watch_count))
        return NULL;
    struct error *error = session_load(session, &tracee);
    if (!error)
        error = gather(session, conditions, last, &batch);
    if (error || batch.count == 0)
        return error;
    *passed = true;
    error = run(session, conditions, &batch, ret);
    if (!error)
        error = settle(session, &batch);
    if (error || !run_reached_event(ret))
        return error;
    session->arrived = true;
    return session_compare(session, ret->signal);
}

struct error *session_cross(struct session *session, uint64_t last)
{
    struct run_result ignored;
    bool passed;
    struct error *error = NULL;
    if (session->next->number < last)
        error = session_pass_calls(session, NULL, last - 1, &ignored, &passed);
    if (!error)
        error = session_reach(session);
    return error ? error : session_apply(session);
}
