/*
 * run_counted() by single steps.
 *
 * Watches are debug registers where they fit; else the watched bytes are compared after each
 * instruction, which sees writes that change them.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/count/debug_registers.h"
#include "engine/count/run.h"
#include "engine/count/step.h"

struct watching {
    const struct run_conditions *conditions;
    struct debug_slot slots[DEBUG_REGISTERS];
    size_t armed;     /* debug registers in use */
    uint8_t **copies; /* of the watched bytes, where they do not fit */
};

static void read_watched(struct tracee *tracee, const struct watch *watch, uint8_t *bytes)
{
    memset(bytes, 0, watch->length);
    tracee_read_some(tracee, watch->address, bytes, watch->length);
}

static void stop_comparing(struct watching *watching)
{
    for (size_t i = 0; watching->copies && i < watching->conditions->watch_count; i++)
        free(watching->copies[i]);
    free(watching->copies);
    watching->copies = NULL;
}

static struct error *start_comparing(struct tracee *tracee, struct watching *watching)
{
    const struct run_conditions *conditions = watching->conditions;
    watching->copies = calloc(conditions->watch_count, sizeof(*watching->copies));
    for (size_t i = 0; watching->copies && i < conditions->watch_count; i++) {
        watching->copies[i] = malloc(conditions->watches[i].length);
        if (!watching->copies[i])
            return &err_no_memory;
        read_watched(tracee, &conditions->watches[i], watching->copies[i]);
    }
    return watching->copies ? NULL : &err_no_memory;
}

static struct error *start_watching(struct tracee *tracee, struct watching *watching)
{
    size_t slots = debug_slots(watching->conditions, watching->slots);
    if (slots > DEBUG_REGISTERS)
        return start_comparing(tracee, watching);
    watching->armed = slots;
    return debug_registers_arm(tracee, watching->slots, slots);
}

static struct error *stop_watching(struct tracee *tracee, struct watching *watching)
{
    stop_comparing(watching);
    return debug_registers_disarm(tracee, watching->armed);
}

static struct error *compare(struct tracee *tracee, struct watching *watching, bool *hit,
                             size_t *which)
{
    const struct run_conditions *conditions = watching->conditions;
    for (size_t i = 0; i < conditions->watch_count && !*hit; i++) {
        const struct watch *watch = &conditions->watches[i];
        uint8_t *now = malloc(watch->length);
        if (!now)
            return &err_no_memory;
        read_watched(tracee, watch, now);
        *hit = memcmp(now, watching->copies[i], watch->length) != 0;
        *which = i;
        free(now);
    }
    return NULL;
}

static struct error *was_hit(struct tracee *tracee, struct watching *watching, bool *hit,
                             size_t *which)
{
    int slot;
    *hit = false;
    if (watching->copies)
        return compare(tracee, watching, hit, which);
    struct error *error = debug_registers_hit(tracee, watching->armed, &slot);
    if (error || slot < 0)
        return error;
    *hit = true;
    *which = watching->slots[slot].watch;
    return NULL;
}

static struct error *is_at_breakpoint(struct tracee *tracee,
                                      const struct run_conditions *conditions, bool *ret)
{
    struct user_regs_struct *regs;
    *ret = false;
    if (!conditions->breakpoint_count)
        return NULL;
    struct error *error = tracee_regs(tracee, &regs);
    for (size_t i = 0; !error && i < conditions->breakpoint_count && !*ret; i++)
        *ret = conditions->breakpoints[i].value == regs->rip;
    return error;
}

/* One instruction, and what ended the run with it: true. */
static struct error *advance(struct tracee *tracee, struct watching *watching,
                             struct run_result *ret, bool *ended)
{
    enum step_end step;
    bool hit;
    struct error *error = step_instruction(tracee, &step, &ret->signal);
    if (error)
        return error;
    *ended = true;
    switch (step) {
    case STEP_AT_CALL:
        ret->end = RUN_ENDED_AT_CALL;
        return NULL;
    case STEP_MET_SIGNAL:
        ret->end = RUN_ENDED_AT_SIGNAL;
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
    if (error || hit)
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
