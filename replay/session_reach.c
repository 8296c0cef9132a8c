/*
 * From one event to the next: the task runs natively, under PTRACE_SYSEMU, to its next system call
 * or to the instruction that traps; then all its registers must be the recorded ones.
 */
#include <string.h>

#include "replay/session_private.h"

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
    divergence->recorded = session->next->before;
    memcpy(&divergence->replayed, regs, sizeof(divergence->replayed));
    return &err_diverged;
}

static bool same_registers(const struct trace_regs *a, const struct trace_regs *b, bool at_call)
{
    for (size_t i = 0; i < TRACE_REGS; i++) {
        uint64_t difference = a->value[i] ^ b->value[i];
        if (i == TRACE_EFLAGS)
            difference &= ~(FLAG_TRAP | FLAG_RESUME);
        if (difference && (i != TRACE_ORIG_RAX || at_call))
            return false;
    }
    return true;
}

struct error *session_compare(struct session *session, int signal)
{
    const struct event *next = session->next;
    int expected = 0;
    if (next->reach == REACH_TRAP)
        expected = next->kind == EVENT_TSC ? SIGSEGV : (int)next->signal;
    if (signal != expected)
        return session_diverged(
            session, signal ? "a signal that the recording has not" : "no signal", signal);
    if (!event_has_before(next->kind) || next->kind == EVENT_CALL_EXIT)
        return NULL;
    struct trace_regs replayed;
    struct error *error = session_registers(session, next->tid, &replayed);
    if (error)
        return error;
    if (same_registers(&next->before, &replayed, next->reach == REACH_CALL))
        return NULL;
    return session_diverged(session, "registers", signal);
}

static bool is_at_next_call(const struct session *session, const struct user_regs_struct *regs)
{
    const struct event *next = session->next;
    return next->reach == REACH_CALL && next->before.value[TRACE_RIP] == regs->rip;
}

/* int 0x80 from 64-bit code: the recorder's filter answered it with ENOSYS, without an event. Where
 * the recording has its next call there is none, which saves us looking. */
static struct error *answer_int80(struct session *session, bool *ret)
{
    static const uint8_t int80[] = {0xcd, 0x80};
    struct tracee *tracee = vessel_tracee(session->vessel);
    struct user_regs_struct *regs;
    uint8_t bytes[2];
    struct error *error = tracee_regs(tracee, &regs);
    *ret = !error && !is_at_next_call(session, regs) &&
           tracee_read_some(tracee, taddr_of(regs->rip - 2), bytes, 2) == 2 &&
           memcmp(bytes, int80, 2) == 0;
    if (*ret) {
        regs->orig_rax = (uint64_t)-1; /* rax is -ENOSYS already */
        tracee_regs_changed(tracee);
    }
    return error;
}

/* A signal that somebody sent to the vessel, and not the code: none of the program's. */
static bool comes_from_outside(struct tracee *tracee)
{
    siginfo_t info;
    struct error *error = tracee_siginfo(tracee, &info);
    error_free(error);
    return !error && info.si_code <= 0;
}

/* Whether this stop is one that the recording may know; *signal is 0 for a system call. */
static struct error *is_stop_of_program(struct session *session, struct stop stop, bool *ret,
                                        int *signal)
{
    struct tracee *tracee = vessel_tracee(session->vessel);
    *signal = 0;
    *ret = true;
    switch (stop.kind) {
    case STOP_CALL: {
        struct error *error = answer_int80(session, ret);
        *ret = !*ret;
        return error;
    }
    case STOP_SIGNAL:
        *signal = stop.signal;
        *ret = !comes_from_outside(tracee);
        return NULL;
    case STOP_EXITED:
    case STOP_KILLED:
        return error_new("was it killed by somebody, or is memory short?",
                         "the process that carries the replay is gone");
    default:
        *ret = false;
        return NULL;
    }
}

static struct error *run_to_stop(struct session *session, int *signal)
{
    struct tracee *tracee;
    struct error *error = session_load(session, &tracee);
    bool done = false;
    while (!error && !done) {
        struct stop stop;
        error = tracee_run(tracee, RUN_EMULATED, 0);
        if (!error)
            error = tracee_wait(tracee, &stop);
        if (!error)
            error = is_stop_of_program(session, stop, &done, signal);
    }
    return error;
}

struct error *session_reach(struct session *session)
{
    int signal = 0;
    struct error *error = NULL;
    if (session->next->reach != REACH_NOTHING)
        error = run_to_stop(session, &signal);
    return error ? error : session_compare(session, signal);
}
