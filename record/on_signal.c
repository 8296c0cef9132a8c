/*
 * Signals.
 *
 * A *synchronous* one (a fault) is a fact of the code: the replayed task meets it at the same
 * instruction.
 *
 * An *asynchronous* one must be given at a point that replay can find. It may be delivered where it
 * stops the task when that point is the task's last event, with no user instruction since: the
 * kernel is still on its way out of the task's last call (orig_rax has a call's number, which any
 * other entry into the kernel sets to -1: arch/x86/entry, "no syscall to restart"); or, where that
 * does not show (rt_sigreturn), the signal was already pending at the call's end
 * (boundary_signals). Else it is held until the task's next call:
 *
 *   seccomp stop ─> the call is skipped ─> back on the syscall instruction ─> the signal is sent
 * again ─> its delivery stop
 *
 * A signal that would end the process anyway is not held: nothing that the program does in between
 * can be observed.
 *
 * Delivery to a handler is by a single step, which stops before the handler's first instruction,
 * when the kernel has built the frame (arch/x86/kernel/signal.c, signal_setup_done): the event is
 * the frame's bytes and the registers there.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "record/spots.h"

#define SIGRTMIN_KERNEL 32 /* from here on signals queue (signal(7)) */
#define BIT(signal) (1ull << ((signal)-1))

static bool is_fault(const siginfo_t *info)
{
    static const uint64_t faults =
        BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGSYS);
    return info->si_signo >= 1 && info->si_signo <= 64 && faults & BIT(info->si_signo) &&
           info->si_code > 0;
}

enum disposition { DISPOSITION_HANDLER, DISPOSITION_NOTHING, DISPOSITION_STOP, DISPOSITION_DEATH };

static enum disposition default_action(int signal)
{
    static const uint64_t ignored = BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH);
    static const uint64_t stops = BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU);
    if (ignored & BIT(signal))
        return DISPOSITION_NOTHING;
    return stops & BIT(signal) ? DISPOSITION_STOP : DISPOSITION_DEATH;
}

static struct error *find_disposition(struct task *task, int signal, enum disposition *ret)
{
    uint64_t caught, ignored;
    struct error *error = tracee_dispositions(task->tracee, &caught, &ignored);
    if (error)
        return error;
    if (caught & BIT(signal))
        *ret = DISPOSITION_HANDLER;
    else if (ignored & BIT(signal))
        *ret = DISPOSITION_NOTHING;
    else
        *ret = default_action(signal);
    return NULL;
}

/* --- The event ------------------------------------------------------------------------------- */

/* How far the frame at `stack` reaches: to the end of the vector state that the kernel put at its
 * far end. */
static uint64_t frame_end(struct task *task, uint64_t stack)
{
    struct {
        uint64_t return_address;
        ucontext_t context;
    } frame;
    uint32_t software[2]; /* struct _fpx_sw_bytes: magic1, extended_size; at byte 464 of the FXSAVE
                             area */
    size_t fixed = offsetof(ucontext_t, __fpregs_mem) + 8 + sizeof(siginfo_t) + 8;
    if (tracee_read_some(task->tracee, taddr_of(stack), &frame, fixed) < fixed)
        return stack;
    uint64_t vectors = (uint64_t)frame.context.uc_mcontext.fpregs;
    if (vectors < stack || vectors - stack > XSAVE_MAX ||
        tracee_read_some(task->tracee, taddr_of(vectors + 464), software, sizeof(software)) <
            sizeof(software))
        return stack + fixed;
    uint64_t extended = software[1] >= 512 && software[1] <= XSAVE_MAX ? software[1] : 512;
    return vectors + extended;
}

static struct error *begin_signal_event(struct recorder *recorder, const siginfo_t *info,
                                        enum event_reach reach,
                                        const struct user_regs_struct *before)
{
    draft_begin(&recorder->draft, EVENT_SIGNAL);
    struct event *event = &recorder->draft.event;
    event->reach = reach;
    event->signal = (uint32_t)info->si_signo;
    event->before = trace_regs_of(before);
    uint8_t *copy = draft_bytes(&recorder->draft, SIGINFO_BYTES);
    if (!copy)
        return &err_no_memory;
    memcpy(copy, info, SIGINFO_BYTES);
    event->siginfo = copy;
    return NULL;
}

static struct error *log_fatal_signal(struct recorder *recorder, struct task *task,
                                      const siginfo_t *info, enum event_reach reach,
                                      const struct user_regs_struct *before)
{
    struct error *error = begin_signal_event(recorder, info, reach, before);
    if (error)
        return error;
    recorder->draft.event.fatal = true;
    recorder->draft.event.after = recorder->draft.event.before;
    return log_event(recorder, task);
}

#define RED_ZONE 128

/*
 * The frame, with what lies between it and the interrupted code's red zone, and below it as far as
 * the handler's red zone will reach. The kernel does not write there, but what is left there from
 * before may be the dynamic linker's saved vector state, which is not the same in replay.
 */
static struct error *add_frame(struct recorder *recorder, struct task *task, uint64_t stack,
                               uint64_t interrupted)
{
    uint64_t end = frame_end(task, stack);
    if (interrupted - RED_ZONE > end && interrupted - RED_ZONE - end < PAGE_BYTES)
        end = interrupted - RED_ZONE;
    struct error *error =
        draft_memory(&recorder->draft, task->tracee, taddr_of(stack), end - stack);
    return error
               ? error
               : draft_memory(&recorder->draft, task->tracee, taddr_of(stack - RED_ZONE), RED_ZONE);
}

static struct error *log_handler_entry(struct recorder *recorder, struct task *task,
                                       const siginfo_t *info, enum event_reach reach,
                                       const struct user_regs_struct *before)
{
    struct user_regs_struct *regs;
    struct error *error = begin_signal_event(recorder, info, reach, before);
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    recorder->draft.event.after = trace_regs_of(regs);
    fast_note_interrupted(task->group, before->rip);
    error = add_frame(recorder, task, regs->rsp, before->rsp);
    if (!error)
        error = draft_xsave(&recorder->draft, task->tracee);
    if (!error)
        error = tracee_get_sigmask(task->tracee, &task->signal_mask);
    return error ? error : log_event(recorder, task);
}

/* --- Delivery -------------------------------------------------------------------------------- */

static struct error *enter_handler(struct recorder *recorder, struct task *task,
                                   const siginfo_t *info, enum event_reach reach,
                                   const struct user_regs_struct *before)
{
    struct stop stop;
    struct error *error = tracee_run(task->tracee, RUN_STEP, info->si_signo);
    if (!error)
        error = tracee_wait(task->tracee, &stop);
    if (error)
        return error;
    if (stop.kind != STOP_SIGNAL ||
        stop.signal != SIGTRAP) /* no room for the frame, or the task was killed */
        return dispatch_stop(recorder, task, stop);
    error = log_handler_entry(recorder, task, info, reach, before);
    if (error)
        return error;
    task->state = TASK_RUNNING;
    fast_show_mask(task);
    return tracee_run(task->tracee, RUN_ON, 0);
}

/* Gives the signal to the task at its delivery stop, which is a point that replay finds. */
static struct error *deliver(struct recorder *recorder, struct task *task, const siginfo_t *info,
                             enum event_reach reach, const struct user_regs_struct *before)
{
    enum disposition disposition;
    struct error *error = find_disposition(task, info->si_signo, &disposition);
    if (error)
        return error;
    task->state = TASK_RUNNING;
    switch (disposition) {
    case DISPOSITION_HANDLER:
        return enter_handler(recorder, task, info, reach, before);
    case DISPOSITION_NOTHING:
        return tracee_run(task->tracee, RUN_ON, 0);
    case DISPOSITION_STOP:
        return tracee_run(task->tracee, RUN_ON, info->si_signo);
    case DISPOSITION_DEATH:
        error = log_fatal_signal(recorder, task, info, reach, before);
        return error ? error : tracee_run(task->tracee, RUN_ON, info->si_signo);
    }
    return NULL;
}

/* --- Holding --------------------------------------------------------------------------------- */

/* How long a task may go on to a call, where signals are delivered cheaply. */
#define GRACE_NS 5000000ull

/* At its next call, or when it leaves the hook, if it stands there. */
static struct error *stop_soon(struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    fast_stop_at_call(task->group);
    return fast_is_inside(task, regs->rip) ? fast_ask_to_leave(task) : NULL;
}

static struct error *hold(struct recorder *recorder, struct task *task, const siginfo_t *info,
                          uint64_t least, uint64_t most)
{
    uint64_t now = monotonic_now();
    struct held_signal **link = &task->held;
    while (*link) { /* one that is pending already is not queued again, as in the kernel */
        if (info->si_signo < SIGRTMIN_KERNEL && (*link)->info.si_signo == info->si_signo)
            return tracee_run(task->tracee, RUN_ON, 0);
        link = &(*link)->next;
    }
    struct held_signal *held = malloc(sizeof(*held));
    if (!held)
        return &err_no_memory;
    *held = (struct held_signal){.info = *info, .earliest = now + least, .due = now + most};
    *link = held;
    recorder->waiting++;
    struct error *error = stop_soon(task);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}

static void forget_held(struct recorder *recorder, struct held_signal **link)
{
    struct held_signal *held = *link;
    *link = held->next;
    free(held);
    recorder->waiting--;
}

void forget_held_signals(struct recorder *recorder, struct task *task)
{
    while (task->held)
        forget_held(recorder, &task->held);
}

/* If this is a signal that we sent again, its information is the one that it first came with. */
static struct error *recall_held(struct recorder *recorder, struct task *task, siginfo_t *info,
                                 bool *was_held)
{
    *was_held = false;
    for (struct held_signal **link = &task->held; *link; link = &(*link)->next) {
        struct held_signal *held = *link;
        if (!held->sent || held->info.si_signo != info->si_signo)
            continue;
        *info = held->info;
        *was_held = true;
        forget_held(recorder, link);
        return tracee_set_siginfo(task->tracee, info);
    }
    return NULL;
}

struct error *take_back_call(struct task *task, const struct user_regs_struct *entry)
{
    struct user_regs_struct *regs;
    struct stop stop;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(task->tracee);
    error = tracee_run(task->tracee, RUN_TO_CALL, 0);
    if (!error)
        error = tracee_wait(task->tracee, &stop);
    if (!error && stop.kind != STOP_CALL)
        error = &err_tracee_gone;
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    *regs = *entry;
    regs->rax = entry->orig_rax;
    regs->rip = entry->rip - 2;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(task->tracee);
    return NULL;
}

struct error *find_deliverable_signal(struct task *task, bool may_wait, struct held_signal **ret)
{
    uint64_t mask = 0;
    struct error *error = task->held ? tracee_get_sigmask(task->tracee, &mask) : NULL;
    *ret = error ? NULL : task->held;
    uint64_t now = task->held && may_wait ? monotonic_now() : UINT64_MAX;
    while (*ret && ((*ret)->sent || (*ret)->earliest > now || mask & BIT((*ret)->info.si_signo)))
        *ret = (*ret)->next;
    return error;
}

void send_held_signal(struct task *task, struct held_signal *held)
{
    held->sent = true;
    task->boundary_signals |= BIT(held->info.si_signo);
    syscall(SYS_tgkill, task->process->pid, task->tid, held->info.si_signo);
}

struct error *deliver_held_signal(struct recorder *recorder, struct task *task,
                                  struct held_signal *held)
{
    bool was_held;
    struct user_regs_struct *regs;
    struct stop stop;
    siginfo_t info;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct user_regs_struct entry = *regs;
    int signal = held->info.si_signo;
    held->sent = true;
    error = take_back_call(task, &entry);
    if (!error)
        error = tracee_run(task->tracee, RUN_ON, signal);
    if (!error)
        error = tracee_wait(task->tracee, &stop);
    if (error)
        return error;
    if (stop.kind != STOP_SIGNAL)
        return dispatch_stop(recorder, task, stop);
    task->boundary_signals = BIT(signal); /* should another one have come first */
    error = tracee_siginfo(task->tracee, &info);
    if (!error)
        error = recall_held(recorder, task, &info, &was_held);
    return error ? error : deliver(recorder, task, &info, REACH_CALL, &entry);
}

/* --- The delivery stop ----------------------------------------------------------------------- */

/* Whether nothing has been executed since the last event. Another thread may have taken a signal
 * that was known to come: its number alone says little when it comes again. */
static bool is_at_boundary(const struct task *task, int signal, const struct user_regs_struct *regs)
{
    const struct user_regs_struct *last = &task->last_exit;
    bool known = task->boundary_signals & BIT(signal);
    bool leaves_call = (int64_t)regs->orig_rax >= 0;
    return (known || leaves_call) && regs->rip == last->rip && regs->rsp == last->rsp &&
           regs->rax == last->rax && regs->rcx == last->rcx && regs->rdx == last->rdx &&
           regs->rbx == last->rbx && regs->rbp == last->rbp && regs->rsi == last->rsi &&
           regs->rdi == last->rdi && regs->r8 == last->r8 && regs->r9 == last->r9 &&
           regs->r10 == last->r10 && regs->r11 == last->r11 && regs->r12 == last->r12 &&
           regs->r13 == last->r13 && regs->r14 == last->r14 && regs->r15 == last->r15;
}

/* A timer that has expired again while its signal was handled: with what we add to that it might do
 * so each time, and the program would never get anywhere. */
static bool is_timer_right_after_handler(const struct task *task, const siginfo_t *info)
{
    return task->call.row && task->call.row->flags & CALL_SIGRETURN &&
           (info->si_code == SI_KERNEL || info->si_code == SI_TIMER);
}

static struct error *on_asynchronous(struct recorder *recorder, struct task *task,
                                     const siginfo_t *info, bool was_held,
                                     const struct user_regs_struct *regs)
{
    enum disposition disposition;
    struct error *error = find_disposition(task, info->si_signo, &disposition);
    if (error)
        return error;
    bool boundary = is_at_boundary(task, info->si_signo, regs);
    if (disposition == DISPOSITION_NOTHING || disposition == DISPOSITION_STOP)
        return tracee_run(task->tracee, RUN_ON,
                          disposition == DISPOSITION_STOP ? info->si_signo : 0);
    if (!boundary)
        return hold(recorder, task, info, 0, disposition == DISPOSITION_DEATH ? 0 : GRACE_NS);
    if (!was_held && is_timer_right_after_handler(task, info))
        return hold(recorder, task, info, GRACE_NS, GRACE_NS);
    task->boundary_signals &= ~BIT(info->si_signo);
    struct user_regs_struct before = *regs;
    if (task->call.active && task->call.restarting) {
        error = complete_call(recorder, task);
        if (error)
            return error;
    }
    return deliver(recorder, task, info, REACH_NOTHING, &before);
}

struct error *on_signal(struct recorder *recorder, struct task *task, int signal)
{
    bool was_held;
    siginfo_t info;
    struct user_regs_struct *regs;
    struct instruction instruction;
    struct error *error = tracee_siginfo(task->tracee, &info);
    if (!error)
        error = recall_held(recorder, task, &info, &was_held);
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    if (is_spot_trap(task, &info))
        return on_spot(recorder, task);
    if (!is_fault(&info))
        return on_asynchronous(recorder, task, &info, was_held, regs);
    bool handled;
    error = fast_fault(recorder, task, &handled);
    if (error || handled)
        return error;
    if (is_instruction_trap(task, &info, &instruction))
        return on_instruction(recorder, task, &instruction);
    struct user_regs_struct before = *regs;
    return deliver(recorder, task, &info, REACH_TRAP, &before);
}
