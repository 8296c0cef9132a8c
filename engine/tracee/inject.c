/*
 * System calls made in a tracee on our behalf.
 *
 *   (stopped in user space) → registers of the call, RUN_TO_CALL → entry stop, RUN_TO_CALL → exit
 * stop → registers back
 *
 * All signals are blocked meanwhile, so that the two stops are the next two; what arrives waits. A
 * group-stop or another trap in between is passed over: it is not lost, since the kernel reports
 * job control stops again.
 */
#include <errno.h>
#include <string.h>

#include "engine/tracee/reel_page.h"
#include "engine/tracee/tracee.h"

static struct error *next_call_stop(struct tracee *tracee)
{
    struct stop stop;
    do {
        struct error *error = tracee_run(tracee, RUN_TO_CALL, 0);
        if (!error)
            error = tracee_wait(tracee, &stop);
        if (error)
            return error;
        if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
            return &err_tracee_gone;
    } while (stop.kind != STOP_CALL);
    return NULL;
}

static struct error *make_call(struct tracee *tracee, int64_t *ret)
{
    struct user_regs_struct *regs;
    struct error *error = next_call_stop(tracee);
    if (!error)
        error = next_call_stop(tracee);
    if (!error)
        error = tracee_regs(tracee, &regs);
    if (!error)
        *ret = (int64_t)regs->rax;
    return error;
}

static void set_call(struct user_regs_struct *regs, taddr instruction, long number,
                     const uint64_t arguments[6])
{
    regs->rip = instruction.value;
    regs->rax = (uint64_t)number;
    regs->orig_rax = (uint64_t)-1;
    regs->rdi = arguments[0];
    regs->rsi = arguments[1];
    regs->rdx = arguments[2];
    regs->r10 = arguments[3];
    regs->r8 = arguments[4];
    regs->r9 = arguments[5];
}

struct error *tracee_inject_at(struct tracee *tracee, taddr instruction, long number,
                               const uint64_t arguments[6], int64_t *ret)
{
    struct user_regs_struct *regs;
    uint64_t mask;
    struct error *error = tracee_regs(tracee, &regs);
    if (!error)
        error = tracee_get_sigmask(tracee, &mask);
    if (!error)
        error = tracee_set_sigmask(tracee, ~0ull);
    if (error)
        return error;
    struct user_regs_struct saved = *regs;
    set_call(regs, instruction, number, arguments);
    tracee_regs_changed(tracee);
    error = make_call(tracee, ret);
    if (!error)
        error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    *regs = saved;
    tracee_regs_changed(tracee);
    return tracee_set_sigmask(tracee, mask);
}

struct error *tracee_inject(struct tracee *tracee, long number, const uint64_t arguments[6],
                            int64_t *ret)
{
    return tracee_inject_at(tracee, taddr_of(REEL_PAGE_CALL), number, arguments, ret);
}
