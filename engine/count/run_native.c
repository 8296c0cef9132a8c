/*
 * run_native(): the task runs by itself, with int3 at the breakpoints and the watches in the debug
 * registers.
 *
 * Going on from a breakpoint: the trap is not there (it is in memory only while the task runs), so
 * the instruction is stepped as it is; then the traps go in, and the task runs.
 *
 *   step off the breakpoint ─> traps in ─> RUN_EMULATED ─> stop ─> traps out ─> program counter
 * back onto the breakpoint
 *
 * Conditions are looked at where a trap was met: one that does not hold costs two stops.
 */
#include "engine/count/at_breakpoint.h"
#include "engine/count/debug_registers.h"
#include "engine/count/run.h"
#include "engine/count/step.h"
#include "engine/count/traps.h"
#include "engine/count/watch_copies.h"

/* What a stop behind an int3 or a debug trap means. Leaves `ret` alone if it means nothing to us.
 */
static struct error *classify_trap(struct tracee *tracee, const struct traps *traps,
                                   const struct debug_slot *slots, size_t armed,
                                   struct run_result *ret)
{
    struct user_regs_struct *regs;
    int slot;
    struct error *error = debug_registers_hit(tracee, armed, &slot);
    if (!error)
        error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    if (slot >= 0) {
        ret->end = RUN_ENDED_AT_WATCH;
        ret->watch = slots[slot].watch;
    } else if (traps_have(traps, regs->rip - 1)) {
        regs->rip--;
        tracee_regs_changed(tracee);
        ret->end = RUN_ENDED_AT_BREAKPOINT;
    }
    return NULL;
}

/* A tick right before an int3 is as good as that: the next run would pass over it. */
static struct error *classify_tick(struct tracee *tracee, const struct traps *traps,
                                   struct run_result *ret)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(tracee, &regs);
    if (!error)
        ret->end = traps_have(traps, regs->rip) ? RUN_ENDED_AT_BREAKPOINT : RUN_ENDED_AT_TICK;
    return error;
}

/* Whether the stop, which is not the program's doing, ends the run as a tick does. */
static struct error *is_tick(struct tracee *tracee, const struct run_conditions *conditions,
                             struct stop stop, bool *ret)
{
    bool within;
    *ret = false;
    if (!conditions->ticks || stop.kind != STOP_TRAP)
        return NULL;
    struct error *error = step_may_be_within(tracee, &within);
    *ret = !error && !within;
    return error;
}

/* To the next stop that is the program's doing, or an interrupt, or a tick (OUTSIDE_IGNORED). */
static struct error *run_to_stop(struct tracee *tracee, const struct run_conditions *conditions,
                                 struct stop *stop, enum outside *outside)
{
    bool goes_on = true;
    struct error *error = NULL;
    while (!error && goes_on) {
        bool ticked = false;
        error = tracee_run(tracee, RUN_EMULATED, 0);
        if (!error)
            error = tracee_wait(tracee, stop);
        if (error)
            return error;
        if (stop->kind == STOP_EXITED || stop->kind == STOP_KILLED)
            return replayed_task_gone();
        *outside = stop_from_outside(tracee, *stop);
        if (*outside == OUTSIDE_IGNORED)
            error = is_tick(tracee, conditions, *stop, &ticked);
        goes_on = *outside == OUTSIDE_IGNORED && !ticked;
        if (stop->kind == STOP_CALL)
            error = answer_int80(tracee, conditions->next_call, &goes_on);
    }
    return error;
}

static struct error *run_with_traps(struct tracee *tracee, const struct run_conditions *conditions,
                                    const struct debug_slot *slots, size_t armed,
                                    struct run_result *ret)
{
    struct traps traps;
    struct stop stop;
    enum outside outside = NOT_OUTSIDE;
    struct error *error =
        traps_insert(tracee, conditions->breakpoints, conditions->breakpoint_count, &traps);
    if (!error)
        error = run_to_stop(tracee, conditions, &stop, &outside);
    if (!error) {
        ret->signal = stop.kind == STOP_SIGNAL ? stop.signal : 0;
        ret->end = stop.kind == STOP_CALL ? RUN_ENDED_AT_CALL : RUN_ENDED_AT_SIGNAL;
        if (outside == OUTSIDE_INTERRUPT)
            ret->end = RUN_ENDED_BY_INTERRUPT;
        else if (outside == OUTSIDE_IGNORED)
            error = classify_tick(tracee, &traps, ret);
        else if (ret->signal == SIGTRAP)
            error = classify_trap(tracee, &traps, slots, armed, ret);
    }
    struct error *remove_error = traps_remove(tracee, &traps);
    if (!error)
        return remove_error;
    error_free(remove_error);
    return error;
}

/*
 * A watch hit within a string instruction with a rep prefix traps behind an iteration, with the
 * program counter still at the instruction: the stop is to come at its end.
 */
static struct error *finish_rep(struct tracee *tracee, const struct watch *watch)
{
    enum step_end end;
    int signal;
    bool within;
    struct error *error = step_is_within_rep(tracee, watch, &within);
    if (error || !within)
        return error;
    return step_instruction(tracee, &end, &signal);
}

/* Steps off a breakpoint where the run begins; *ended if the run ends with that. */
static struct error *step_off(struct tracee *tracee, const struct run_conditions *conditions,
                              struct run_result *ret, bool *ended)
{
    struct run_result step;
    bool at_breakpoint;
    struct error *error = is_at_any_breakpoint(tracee, conditions, &at_breakpoint);
    if (error || !at_breakpoint)
        return error;
    error = run_counted(tracee, conditions, 1, &step);
    if (error || step.end == RUN_ENDED_AT_LIMIT)
        return error;
    if (step.end == RUN_ENDED_AT_CALL) {
        struct run_conditions rest = *conditions; /* the trap would stand where the call is */
        rest.breakpoint_count = 0;
        *ended = true;
        return run_with_traps(tracee, &rest, NULL, 0, ret);
    }
    *ended = true;
    *ret = step;
    return NULL;
}

/* Runs on over hits of watches for reads that were writes. */
static struct error *run_watching(struct tracee *tracee, const struct run_conditions *conditions,
                                  const struct debug_slot *slots, size_t armed,
                                  struct run_result *ret)
{
    struct watch_copies copies;
    bool written = true, at_breakpoint = false;
    struct error *error = watch_copies_take(tracee, conditions, true, &copies);
    while (!error && written && !at_breakpoint) {
        error = run_with_traps(tracee, conditions, slots, armed, ret);
        if (error || ret->end != RUN_ENDED_AT_WATCH)
            break;
        error = finish_rep(tracee, &conditions->watches[ret->watch]);
        written = !error && watch_copies_changed(tracee, &copies, ret->watch);
        if (written)
            error = is_at_breakpoint(tracee, conditions, &at_breakpoint);
    }
    if (at_breakpoint)
        ret->end = RUN_ENDED_AT_BREAKPOINT;
    watch_copies_deinit(&copies);
    return error;
}

/* To the next breakpoint, whatever its condition, or another end. */
static struct error *run_to_trap(struct tracee *tracee, const struct run_conditions *conditions,
                                 struct run_result *ret)
{
    struct debug_slot slots[DEBUG_REGISTERS];
    bool ended = false;
    *ret = (struct run_result){0};
    size_t armed = debug_slots(conditions, slots);
    if (armed > DEBUG_REGISTERS)
        return error_new("remove some, or make them narrower",
                         "the watchpoints do not fit the debug registers");
    struct error *error = step_off(tracee, conditions, ret, &ended);
    if (error || ended)
        return error;
    error = debug_registers_arm(tracee, slots, armed);
    if (!error)
        error = run_watching(tracee, conditions, slots, armed, ret);
    return error ? error : debug_registers_disarm(tracee, armed);
}

/* *missed: the run has ended at a breakpoint whose condition does not hold. */
static struct error *is_miss(struct tracee *tracee, const struct run_conditions *conditions,
                             const struct run_result *result, bool *missed)
{
    bool holds = true;
    struct error *error = NULL;
    if (result->end == RUN_ENDED_AT_BREAKPOINT)
        error = is_at_breakpoint(tracee, conditions, &holds);
    *missed = !holds;
    return error;
}

/* Whether the run ends after so many misses. */
static bool is_impatient(const struct run_conditions *conditions, uint64_t misses,
                         struct run_result *ret)
{
    bool interrupted = conditions->interrupted && *conditions->interrupted;
    ret->end = interrupted ? RUN_ENDED_BY_INTERRUPT : RUN_ENDED_AT_LIMIT;
    return interrupted || misses == conditions->misses_max;
}

struct error *run_native(struct tracee *tracee, const struct run_conditions *conditions,
                         struct run_result *ret)
{
    static const struct run_conditions none;
    bool missed = true;
    uint64_t misses = 0;
    struct error *error = NULL;
    if (!conditions)
        conditions = &none;
    while (!error && missed) {
        error = run_to_trap(tracee, conditions, ret);
        if (!error)
            error = is_miss(tracee, conditions, ret, &missed);
        if (error || !missed)
            return error;
        missed = !is_impatient(conditions, ++misses, ret);
    }
    return error;
}
