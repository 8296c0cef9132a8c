/*
 * rdtsc and rdtscp, which PR_SET_TSC makes trap (prctl(2)): answered with the real counter, and
 * logged.
 *
 * The trap is a forced SIGSEGV. If the program blocked or ignored that signal, the kernel has reset
 * its disposition and unblocked it before we see it (kernel/signal.c, force_sig_info_to_task); both
 * are put back.
 */
#include <asm/unistd.h>

#include "engine/tracee/reel_page.h"
#include "engine/tracee/tsc_trap.h"
#include "record/recorder.h"

enum tsc_instruction { NOT_TSC, RDTSC, RDTSCP };

static enum tsc_instruction instruction_at(struct task *task, uint64_t address)
{
    uint8_t bytes[3] = {0};
    tracee_read_some(task->tracee, taddr_of(address), bytes, sizeof(bytes));
    if (bytes[0] == 0x0f && bytes[1] == 0x31)
        return RDTSC;
    return bytes[0] == 0x0f && bytes[1] == 0x01 && bytes[2] == 0xf9 ? RDTSCP : NOT_TSC;
}

bool is_tsc_trap(struct task *task, const siginfo_t *info)
{
    struct user_regs_struct *regs;
    if (info->si_signo != SIGSEGV || info->si_code != SI_KERNEL || info->si_addr != NULL)
        return false;
    struct error *error = tracee_regs(task->tracee, &regs);
    error_free(error);
    return !error && instruction_at(task, regs->rip) != NOT_TSC;
}

static void answer(enum tsc_instruction instruction, struct user_regs_struct *regs)
{
    uint32_t processor;
    uint64_t counter = tsc_read(&processor);
    regs->rax = (uint32_t)counter;
    regs->rdx = counter >> 32;
    if (instruction == RDTSCP)
        regs->rcx = processor;
    regs->rip += instruction == RDTSCP ? 3 : 2;
}

/* Whether the kernel's forced delivery has destroyed something. */
static bool was_blocked(const struct task *task)
{
    return task->signal_mask >> (SIGSEGV - 1) & 1;
}

static struct error *restore_disposition(struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    /* The red zone below the stack pointer is the program's; under it is free, if mapped. */
    uint64_t room = (regs->rsp - 128 - sizeof(struct kernel_sigaction)) & ~15ul;
    struct kernel_sigaction saved;
    error = tracee_read(task->tracee, taddr_of(room), &saved, sizeof(saved));
    if (!error)
        error = tracee_write(task->tracee, taddr_of(room), &task->process->segv,
                             sizeof(struct kernel_sigaction));
    uint64_t arguments[6] = {SIGSEGV, room, 0, 8};
    int64_t result;
    if (!error)
        error = tracee_inject(task->tracee, __NR_rt_sigaction, arguments, &result);
    return error ? error : tracee_write(task->tracee, taddr_of(room), &saved, sizeof(saved));
}

static struct error *restore_signal_state(struct task *task)
{
    bool ignored = task->process->segv.handler == (uint64_t)SIG_IGN;
    struct error *error = NULL;
    if ((was_blocked(task) && task->process->segv.handler != (uint64_t)SIG_DFL) || ignored)
        error = restore_disposition(task);
    if (!error && was_blocked(task))
        error = tracee_set_sigmask(task->tracee, task->signal_mask);
    return error;
}

struct error *on_tsc(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    draft_begin(&recorder->draft, EVENT_TSC);
    recorder->draft.event.before = trace_regs_of(regs);
    answer(instruction_at(task, regs->rip), regs);
    tracee_regs_changed(task->tracee);
    recorder->draft.event.after = trace_regs_of(regs);
    task->boundary_signals = 0;
    error = log_event(recorder, task);
    if (!error)
        error = restore_signal_state(task);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}
