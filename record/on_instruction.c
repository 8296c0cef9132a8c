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
#include <string.h>

#include "engine/tracee/reel_page.h"
#include "record/instruction.h"
#include "record/recorder.h"

#define INSTRUCTION_BYTES_MAX 15

/*
 * The program has copied code, patches included, as some generators of trampolines do: the original
 * is that of a site with the same bytes behind the first. In replay it has copied the same.
 */
static void restore_copy(struct task *task, uint8_t *bytes, size_t size)
{
    const struct site_list *sites = &task->group->sites;
    for (size_t i = 0; i < sites->count; i++) {
        const struct site *site = &sites->site[i];
        uint8_t tail[INSTRUCTION_BYTES_MAX];
        size_t length = site->length - 1u;
        if (site->length > size || length > sizeof(tail) ||
            tracee_read_some(task->tracee, taddr_of(site->address + 1), tail, length) < length ||
            memcmp(bytes + 1, tail, length) != 0)
            continue;
        bytes[0] = site->original;
        return;
    }
}

/* As the program has it: a patch's first byte is the original. */
static bool instruction_at(struct task *task, uint64_t address, struct instruction *ret)
{
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    size_t size = tracee_read_some(task->tracee, taddr_of(address), bytes, sizeof(bytes));
    bool patched = size && bytes[0] == PATCH_BYTE;
    site_list_restore(&task->group->sites, address, bytes, size, PATCH_BYTE);
    if (size && bytes[0] == PATCH_BYTE)
        restore_copy(task, bytes, size);
    if (!instruction_decode(bytes, size, ret))
        return false;
    return patched || ret->kind == INSTRUCTION_RDTSC || ret->kind == INSTRUCTION_RDTSCP ||
           (ret->kind == INSTRUCTION_CPUID && task->group->cpuid_traps);
}

bool is_instruction_trap(struct task *task, const siginfo_t *info, struct instruction *ret)
{
    struct user_regs_struct *regs;
    if (info->si_signo != SIGSEGV || info->si_code != SI_KERNEL || info->si_addr != NULL)
        return false;
    struct error *error = tracee_regs(task->tracee, &regs);
    error_free(error);
    return !error && instruction_at(task, regs->rip, ret);
}

/* Whether the kernel's forced delivery has destroyed something. */
static bool was_blocked(const struct task *task)
{
    return task->signal_mask >> (SIGSEGV - 1) & 1;
}

/* The kernel reads it from the reel page: the program's stack may have no room. */
static struct error *restore_disposition(struct task *task)
{
    static const uint64_t arguments[6] = {SIGSEGV, REEL_PAGE_DATA, 0, 8};
    int64_t result;
    struct error *error = tracee_write(task->tracee, taddr_of(REEL_PAGE_DATA), &task->process->segv,
                                       sizeof(task->process->segv));
    return error ? error : tracee_inject(task->tracee, __NR_rt_sigaction, arguments, &result);
}

struct error *restore_signal_state(struct task *task)
{
    bool ignored = task->process->segv.handler == (uint64_t)SIG_IGN;
    struct error *error = NULL;
    if ((was_blocked(task) && task->process->segv.handler != (uint64_t)SIG_DFL) || ignored)
        error = restore_disposition(task);
    if (!error && was_blocked(task))
        error = tracee_set_sigmask(task->tracee, task->signal_mask);
    return error;
}

struct error *on_instruction(struct recorder *recorder, struct task *task,
                             const struct instruction *instruction)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    draft_begin(&recorder->draft, EVENT_INSTRUCTION);
    struct event *event = &recorder->draft.event;
    event->instruction = instruction->kind;
    event->before = trace_regs_of(regs);
    instruction_execute(instruction, &recorder->cpuid_answers, regs);
    tracee_regs_changed(task->tracee);
    event->after = trace_regs_of(regs);
    task->boundary_signals = 0;
    error = log_event(recorder, task);
    if (!error)
        error = restore_signal_state(task);
    return error ? error : go_on(recorder, task);
}
