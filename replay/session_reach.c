/*
 * From one event to the next: the task runs, natively or counted, under PTRACE_SYSEMU, to its next
 * system call or to the instruction that traps, or, always counted, to a point between two
 * instructions (session_point.c); then all its registers must be the recorded ones.
 */
#include <string.h>

#include "engine/count/run.h"
#include "replay/session_private.h"
#include "replay/vessel_hook.h"

#define FLAG_TRAP 0x100ull     /* set by single-stepping */
#define FLAG_RESUME 0x10000ull /* set by the kernel as it returns from faults */

struct error *session_diverged(struct session *session, const char *what, int signal)
{
    struct divergence *divergence = &session->divergence;
    struct user_regs_struct *regs;
    *divergence = (struct divergence){.event = session->event + 1,
                                      .stream = session->stream,
                                      .tid = session->next ? session->next->tid : 0,
                                      .what = what,
                                      .signal = signal};
    if (!session->next || session->loaded != session->next->tid)
        return &err_diverged;
    struct error *error = tracee_regs(vessel_tracee(session->vessel), &regs);
    if (error) {
        error_free(error);
        return &err_diverged;
    }
    divergence->have_regs = true;
    memcpy(&divergence->replayed, regs, sizeof(divergence->replayed));
    divergence->recorded = divergence->replayed; /* those that the event does not have */
    for (size_t i = 0; i < TRACE_REGS; i++)
        if (event_has_register(session->next, i, false))
            divergence->recorded.value[i] = session->next->before.value[i];
    return &err_diverged;
}

bool session_same_registers(const struct event *event, const struct trace_regs *regs)
{
    for (size_t i = 0; i < TRACE_REGS; i++) {
        uint64_t difference = event->before.value[i] ^ regs->value[i];
        if (i == TRACE_EFLAGS)
            difference &= ~(FLAG_TRAP | FLAG_RESUME);
        if (difference && (i != TRACE_ORIG_RAX || event->reach == REACH_CALL) &&
            event_has_register(event, i, false))
            return false;
    }
    return true;
}

struct error *session_compare(struct session *session, int signal)
{
    const struct event *next = session->next;
    int expected = 0;
    if (next->reach == REACH_TRAP)
        expected = next->kind == EVENT_INSTRUCTION ? SIGSEGV : (int)next->signal;
    if (signal != expected)
        return session_diverged(
            session, signal ? "a signal that the recording has not" : "no signal", signal);
    if (!event_has_before(next->kind) || next->kind == EVENT_CALL_EXIT)
        return NULL;
    struct trace_regs replayed;
    struct error *error = session_registers(session, next->tid, &replayed);
    if (error)
        return error;
    if (session_same_registers(next, &replayed))
        return NULL;
    return session_diverged(session, "registers", signal);
}

/* Nobody but us may interrupt a run: it goes on. */
static struct error *run_natively(struct session *session, const struct run_conditions *conditions,
                                  struct run_result *ret)
{
    struct error *error;
    do {
        error = vessel_run_native(session->vessel, conditions, ret);
    } while (!error && ret->end == RUN_ENDED_BY_INTERRUPT);
    return error;
}

static bool goes_on(const struct run_result *result)
{
    return result->end == RUN_ENDED_BY_INTERRUPT || result->end == RUN_ENDED_AT_LIMIT;
}

/* Counted runs stop before the call's instruction: it is entered natively. */
static struct error *run_counting(struct session *session, const struct run_conditions *conditions,
                                  struct run_result *ret)
{
    struct error *error;
    uint64_t count = 0;
    do {
        error = session_run_counted(session, NULL, UINT64_MAX, ret);
        count += error ? 0 : ret->count;
    } while (!error && goes_on(ret));
    if (!error && ret->end == RUN_ENDED_AT_CALL)
        error = run_natively(session, conditions, ret);
    ret->count = count;
    return error;
}

static struct error *run_to_stop(struct session *session, int *signal)
{
    const struct session_options *options = session->options;
    struct tracee *tracee;
    struct run_result result;
    const struct run_conditions conditions = {.next_call =
                                                  taddr_of(session->next->before.value[TRACE_RIP])};
    struct error *error = session_load(session, &tracee);
    if (error)
        return error;
    if (options->way == SESSION_RUNS_NATIVELY && session->next->reach != REACH_POINT)
        error = run_natively(session, &conditions, &result);
    else
        error = run_counting(session, &conditions, &result);
    if (error)
        return error;
    *signal = result.signal;
    if (options->counted)
        options->counted(options->context, session->stream, session->event + 1, result.count);
    return NULL;
}

struct error *session_reach(struct session *session)
{
    int signal = 0;
    struct error *error = NULL;
    if (session->arrived)
        return NULL;
    if (session->next->reach != REACH_NOTHING)
        error = run_to_stop(session, &signal);
    return error ? error : session_compare(session, signal);
}

struct error *session_count(struct session *session, const struct run_conditions *conditions,
                            uint64_t limit, struct run_result *ret)
{
    if (session->options->way != SESSION_RUNS_STEPPED)
        return vessel_run_counted(session->vessel, conditions, limit, ret);
    struct error *error = vessel_unpatch_windows(session->vessel);
    return error ? error : run_counted(vessel_tracee(session->vessel), conditions, limit, ret);
}

struct error *session_run_native(struct session *session, const struct run_conditions *conditions,
                                 struct run_result *ret)
{
    struct tracee *tracee;
    struct error *error = session_load(session, &tracee);
    return error ? error : vessel_run_native(session->vessel, conditions, ret);
}

struct error *session_run_counted(struct session *session, const struct run_conditions *conditions,
                                  uint64_t limit, struct run_result *ret)
{
    struct tracee *tracee;
    struct error *error = session_load(session, &tracee);
    if (error)
        return error;
    return session->next && session->next->reach == REACH_POINT
               ? session_run_to_point(session, conditions, limit, ret)
               : session_count(session, conditions, limit, ret);
}
