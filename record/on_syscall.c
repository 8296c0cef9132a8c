/*
 * System calls. Entry at the seccomp stop, exit at the syscall stop:
 *
 *   seccomp stop ─> on_call_entry ─> RUN_TO_CALL ─> (fork, exec … stops) ─> exit stop ─>
 * on_call_exit ─> RUN_ON
 *
 * A call that a signal interrupts shows an exit stop with a restart code (-512 … -516). If a
 * handler runs, the call ends there, with that code as its result: the handler's frame, which the
 * trace has byte for byte, says how it goes on. If none runs, the kernel makes the call again: a
 * second seccomp stop, with the same number or 219 (restart_syscall); that is one event (signal(7),
 * "Interruption of system calls").
 */
#include <asm/unistd.h>
#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "engine/tracee/elf_class.h"
#include "record/recorder.h"

#define RESTART_FIRST (-516)
#define RESTART_LAST (-512)

static bool is_restart_code(uint64_t result)
{
    return (int64_t)result >= RESTART_FIRST && (int64_t)result <= RESTART_LAST;
}

void call_deinit(struct task *task)
{
    scratch_release(task);
    task->call = (struct pending_call){0};
}

static void emulate(struct pending_call *call, int64_t answer)
{
    call->emulated = true;
    call->answer = answer;
}

/* Calls that the kernel must not see, or not as they are. Registers that change here are put back
 * at the exit. */
static void adjust_call(struct task *task, struct user_regs_struct *regs)
{
    struct pending_call *call = &task->call;
    if (!call->row) {
        emulate(call, -ENOSYS);
    } else if (call->row->flags & CALL_REFUSED) {
        emulate(call, call->row->refusal);
    } else if (call->row->flags & CALL_COPIES_OUT && copies_to_original_output(task, regs)) {
        emulate(call,
                -EINVAL); /* the bytes would reach the output unseen; programs fall back to write */
    } else {
        switch (regs->orig_rax) {
        case __NR_clone: /* an untraced child would meet our filter without a tracer */
            regs->rdi &= ~(uint64_t)CLONE_UNTRACED;
            break;
        case __NR_madvise: /* MADV_FREE drops pages when the kernel likes; DONTNEED is what it
                              allows, now */
            if (regs->rdx == MADV_FREE)
                regs->rdx = MADV_DONTNEED;
            break;
        case __NR_sched_setaffinity: /* all of a recording stays on one processor */
            emulate(call, 0);
            break;
        case __NR_seccomp:
            if (regs->rdi <=
                1) /* SECCOMP_SET_MODE_STRICT, _FILTER: a filter would hide calls from us */
                emulate(call, 0);
            break;
        case __NR_prctl:
            if (regs->rdi == PR_SET_TSC || regs->rdi == PR_SET_SECCOMP)
                emulate(call, 0);
            break;
        }
    }
    if (call->emulated)
        regs->orig_rax = (uint64_t)-1;
    if (memcmp(regs, &call->entry, sizeof(*regs)))
        tracee_regs_changed(task->tracee);
}

/* The kernel makes an interrupted call again. */
static bool is_same_call(const struct task *task, const struct user_regs_struct *regs)
{
    return regs->rip == task->call.entry.rip &&
           (regs->orig_rax == __NR_restart_syscall || regs->orig_rax == task->call.entry.orig_rax);
}

static struct error *resume_into_call(struct recorder *recorder, struct task *task)
{
    struct error *error = NULL;
    if (task->call.may_block && task->group->tasks > 1)
        error = scratch_redirect(recorder, task);
    if (!error && take_output(recorder, task))
        error = tracee_run(task->tracee, RUN_TO_CALL, 0);
    if (error)
        return error;
    task->state = TASK_CALLING;
    return wait_in_call(recorder, task);
}

static struct error *begin_call(struct recorder *recorder, struct task *task,
                                struct user_regs_struct *regs)
{
    call_deinit(task);
    task->boundary_signals = 0;
    struct pending_call *call = &task->call;
    call->active = true;
    call->row = call_row(regs->orig_rax);
    call->entry = *regs;
    /* vfork blocks only when there is a child, which on_new_task() sees to. */
    call->may_block =
        call->row && call->row->flags & CALL_MAY_BLOCK && !(call->row->flags & CALL_MAKES_TASK);
    struct error *error = fast_finish_partial(task, regs);
    if (!error && call->row && call->row->flags & CALL_MAPS)
        error = fast_unpatch_for_call(task, regs);
    if (error)
        return error;
    adjust_call(task, regs);
    if (call->row && call->row->flags & CALL_SENDS)
        call->output = original_output(task, (int)regs->rdi);
    if (call->row && !call->emulated && call->row->flags & CALL_EXITS)
        return on_exit_call(recorder, task);
    return resume_into_call(recorder, task);
}

/* A 32-bit program cannot be recorded: execve fails as on a kernel without IA32 emulation. */
static bool refuses_program(struct task *task, const struct user_regs_struct *regs)
{
    char path[4096];
    return regs->orig_rax == __NR_execve &&
           tracee_read_string(task->tracee, taddr_of(regs->rdi), path, sizeof(path)) &&
           path[0] == '/' && elf_is_32_bit(path);
}

struct error *on_call_entry(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    if (task->trap_pending)
        return absorb_interrupt(task);
    if (fast_has_left(regs))
        return on_hook_left(recorder, task);
    fast_renew(task);
    task->call_taken_back = false;
    if (task->call.active && task->call.restarting) {
        if (is_same_call(task, regs)) {
            task->call.restarting = false;
            return resume_into_call(recorder, task);
        }
        error = complete_call(recorder, task);
        if (error)
            return error;
    }
    struct held_signal *held;
    error = find_deliverable_signal(task, false, &held);
    if (error)
        return error;
    if (held)
        return deliver_held_signal(recorder, task, held);
    if (refuses_program(task, regs)) {
        call_deinit(task);
        task->call =
            (struct pending_call){.active = true, .row = call_row(regs->orig_rax), .entry = *regs};
        emulate(&task->call, -ENOEXEC);
        regs->orig_rax = (uint64_t)-1;
        tracee_regs_changed(task->tracee);
        return resume_into_call(recorder, task);
    }
    return begin_call(recorder, task, regs);
}

struct error *log_call_entry(struct recorder *recorder, struct task *task)
{
    draft_begin(&recorder->draft, EVENT_CALL_ENTER);
    recorder->draft.event.before = trace_regs_of(&task->call.entry);
    struct error *error = add_entry_effects(recorder, task);
    if (!error && task->call.child)
        error = add_child_effect(recorder, task);
    if (error)
        return error;
    task->call.entry_logged = true;
    error = log_event(recorder, task);
    if (!error && task->call.child)
        error = start_child(recorder, task, recorder->draft.event.number);
    return error;
}

/* Arguments as the program had them, and the result of a call that the kernel was not asked for. */
static void restore_registers(struct task *task, struct user_regs_struct *regs)
{
    const struct user_regs_struct *entry = &task->call.entry, before = *regs;
    if (task->call.row && task->call.row->flags & CALL_SIGRETURN)
        return;
    regs->rdi = entry->rdi;
    regs->rsi = entry->rsi;
    regs->rdx = entry->rdx;
    regs->r10 = entry->r10;
    regs->r8 = entry->r8;
    regs->r9 = entry->r9;
    regs->orig_rax = entry->orig_rax;
    if (task->call.emulated)
        regs->rax = (uint64_t)task->call.answer;
    if (task->call.done) /* what was left of it was made here; a part is what it gives then */
        regs->rax = (int64_t)regs->rax < 0 ? task->call.done : regs->rax + task->call.done;
    if (memcmp(regs, &before, sizeof(before)))
        tracee_regs_changed(task->tracee);
}

/* The state of signals that a call may have changed and that we must know. */
static struct error *follow_signal_state(struct task *task, const struct user_regs_struct *exit)
{
    uint32_t flags = task->call.row ? task->call.row->flags : 0;
    const struct user_regs_struct *entry = &task->call.entry;
    if (entry->orig_rax == __NR_set_tid_address)
        task->clear_child_tid = entry->rdi;
    if (!(flags & (CALL_SIGNAL_STATE | CALL_SIGRETURN)))
        return NULL;
    if (entry->orig_rax == __NR_rt_sigaction && entry->rdi == SIGTRAP)
        task->group->code.uses = 0;
    if (entry->orig_rax == __NR_rt_sigaction && entry->rdi == SIGSEGV && entry->rsi &&
        exit->rax == 0)
        error_free(tracee_read(task->tracee, taddr_of(entry->rsi), &task->process->segv,
                               sizeof(task->process->segv)));
    return tracee_get_sigmask(task->tracee, &task->signal_mask);
}

struct error *complete_call(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    draft_begin(&recorder->draft, task->call.entry_logged ? EVENT_CALL_EXIT : EVENT_CALL);
    error = add_call_effects(recorder, task, regs);
    if (!error)
        error = follow_signal_state(task, regs);
    if (!error && task->call.stands_at_exit)
        error = fast_patch_site(recorder, task);
    if (error)
        return error;
    fast_follow_descriptors(task, regs);
    if (task->call.row && task->call.row->flags & CALL_SIGRETURN)
        fast_forget_interrupted(task->group, regs->rip);
    struct event *event = &recorder->draft.event;
    event->before = trace_regs_of(&task->call.entry);
    event->after = trace_regs_of(regs);
    bool starts_child = task->call.child && !task->call.entry_logged;
    error = log_event(recorder, task);
    if (!error && starts_child)
        error = start_child(recorder, task, event->number);
    task->call.active = false;
    return error ? error : release_output(recorder, task);
}

struct error *on_call_exit(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (!error)
        error = scratch_restore(task, regs);
    if (error)
        return error;
    restore_registers(task, regs);
    /* After other calls, a signal's delivery stop shows by itself that nothing ran in between. */
    if (task->call.row && task->call.row->flags & CALL_SIGRETURN)
        error = tracee_pending_signals(task->tracee, &task->boundary_signals);
    if (error)
        return error;
    if (is_restart_code(regs->rax) && !task->call.emulated) {
        task->call.restarting = true;
        task->last_exit = *regs;
        task->state = TASK_RUNNING;
        error = release_output(recorder, task);
        return error ? error : tracee_run(task->tracee, RUN_ON, 0);
    }
    task->call.stands_at_exit = true;
    error = complete_call(recorder, task);
    return error ? error : go_on(recorder, task);
}
