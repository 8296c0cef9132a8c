/*
 * run_counted() by single steps.
 *
 * Watches are debug registers where they fit; else the watched bytes are compared after each
 * instruction, which sees writes that change them.
 */
#include "engine/count/at_breakpoint.h"
#include "engine/count/at_point.h"
#include "engine/count/debug_registers.h"
#include "engine/count/note.h"
#include "engine/count/run.h"
#include "engine/count/step.h"
#include "engine/count/watch_copies.h"

struct watching {
    const struct run_conditions *conditions;
    struct debug_slot slots[DEBUG_REGISTERS];
    size_t armed;   /* debug registers in use */
    bool comparing; /* instead, for lack of them */
    struct watch_copies copies;
};

static struct error *start_watching(struct tracee *tracee, struct watching *watching)
{
    size_t slots = debug_slots(watching->conditions, watching->slots);
    watching->comparing = slots > DEBUG_REGISTERS;
    watching->armed = watching->comparing ? 0 : slots;
    struct error *error =
        watch_copies_take(tracee, watching->conditions, !watching->comparing, &watching->copies);
    return error ? error : debug_registers_arm(tracee, watching->slots, watching->armed);
}

static struct error *stop_watching(struct tracee *tracee, struct watching *watching)
{
    watch_copies_deinit(&watching->copies);
    return debug_registers_disarm(tracee, watching->armed);
}

static struct error *was_hit(struct tracee *tracee, struct watching *watching, bool *hit,
                             size_t *which)
{
    int slot;
    *hit = false;
    for (size_t i = 0; watching->comparing && i < watching->conditions->watch_count && !*hit; i++) {
        *hit = watch_copies_changed(tracee, &watching->copies, i);
        *which = i;
    }
    struct error *error = debug_registers_hit(tracee, watching->armed, &slot);
    if (error || slot < 0)
        return error;
    *which = watching->slots[slot].watch;
    *hit = !watch_copies_changed(tracee, &watching->copies, *which);
    return NULL;
}

/* One instruction, and what ended the run with it: true. */
static struct error *advance(struct tracee *tracee, struct watching *watching,
                             struct run_result *ret, bool *ended)
{
    enum step_end step;
    bool hit;
    int signal = 0;
    struct error *error = step_instruction(tracee, &step, &signal);
    if (error)
        return error;
    *ended = true;
    switch (step) {
    case STEP_AT_CALL:
        ret->end = RUN_ENDED_AT_CALL;
        return NULL;
    case STEP_MET_SIGNAL:
        ret->end = RUN_ENDED_AT_SIGNAL;
        ret->signal = signal;
        return NULL;
    case STEP_INTERRUPTED:
        ret->end = RUN_ENDED_BY_INTERRUPT;
        return NULL;
    case STEPPED:
        break;
    }
    ret->count++;
    ret->end = RUN_ENDED_AT_WATCH;
    error = was_hit(tracee, watching, &hit, &ret->watch);
    if (error || (hit && !watching->conditions->notes))
        return error;
    if (hit)
        note_hit(&ret->last_hit,
                 &(struct run_note){
                     .any = true, .is_watch = true, .watch = ret->watch, .count = ret->count - 1},
                 0);
    ret->end = RUN_ENDED_AT_POINT;
    error = is_at_point(tracee, watching->conditions->point, ended);
    if (error || *ended || watching->conditions->notes)
        return error;
    ret->end = RUN_ENDED_AT_BREAKPOINT;
    return is_at_breakpoint(tracee, watching->conditions, ended);
}

static bool is_interrupted(const struct run_conditions *conditions)
{
    return conditions->interrupted && *conditions->interrupted;
}

struct error *run_counted(struct tracee *tracee, const struct run_conditions *conditions,
                          uint64_t limit, struct run_result *ret)
{
    static const struct run_conditions none;
    struct watching watching = {.conditions = conditions ? conditions : &none};
    bool ended = false;
    *ret = (struct run_result){.end = RUN_ENDED_AT_LIMIT};
    struct error *error = start_watching(tracee, &watching);
    while (!error && !ended && ret->count < limit) {
        error = note_breakpoint_here(tracee, watching.conditions, ret->count, &ret->last_hit);
        if (!error)
            error = advance(tracee, &watching, ret, &ended);
        if (!error && !ended && is_interrupted(watching.conditions)) {
            ret->end = RUN_ENDED_BY_INTERRUPT;
            ended = true;
        }
    }
    if (!ended)
        ret->end = RUN_ENDED_AT_LIMIT;
    struct error *stop_error = stop_watching(tracee, &watching);
    if (!error)
        return stop_error;
    error_free(stop_error);
    return error;
}
