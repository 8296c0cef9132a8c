/*
 * Instructions whose answers come from outside: executed for the program, and logged. rdtsc and
 * rdtscp trap by PR_SET_TSC (prctl(2)), cpuid, where the processor offers it, by ARCH_SET_CPUID;
 * else it, rdrand and rdseed have been patched to trap (patches.c).
 *
 * The trap is a forced SIGSEGV. If the program blocked or ignored that signal, the kernel has reset
 * its disposition and unblocked it before we see it (kernel/signal.c, force_sig_info_to_task); both
 * are put back.
 */
#include <asm/unistd.h>

#include "engine/tracee/reel_page.h"
#include "record/instruction.h"
#include "record/recorder.h"

#define INSTRUCTION_BYTES_MAX 15

/* As the program has it: a patch's first byte is the original. */
static bool instruction_at(struct task *task, uint64_t address, struct instruction *ret)
{
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    size_t size = tracee_read_some(task->tracee, taddr_of(address), bytes, sizeof(bytes));
    bool patched = size && bytes[0] == PATCH_BYTE;
    site_list_restore(&task->group->sites, address, bytes, size, PATCH_BYTE);
    if (!instruction_decode(bytes, size, ret))
        return false;
    return patched || ret->kind == INSTRUCTION_RDTSC || ret->kind == INSTRUCTION_RDTSCP ||
           (ret->kind == INSTRUCTION_CPUID && task->group->cpuid_traps);
}

bool is_instruction_trap(struct task *task, const siginfo_t *info)
{
    struct user_regs_struct *regs;
    struct instruction instruction;
    if (info->si_signo != SIGSEGV || info->si_code != SI_KERNEL || info->si_addr != NULL)
        return false;
    struct error *error = tracee_regs(task->tracee, &regs);
    error_free(error);
    return !error && instruction_at(task, regs->rip, &instruction);
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

struct error *on_instruction(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct instruction instruction;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    if (!instruction_at(task, regs->rip, &instruction)) /* it was there just now */
        return &err_tracee_gone;
    draft_begin(&recorder->draft, EVENT_INSTRUCTION);
    struct event *event = &recorder->draft.event;
    event->instruction = instruction.kind;
    event->before = trace_regs_of(regs);
    instruction_execute(&instruction, regs);
    tracee_regs_changed(task->tracee);
    event->after = trace_regs_of(regs);
    task->boundary_signals = 0;
    error = log_event(recorder, task);
    if (!error)
        error = restore_signal_state(task);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}
