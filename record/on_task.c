/*
 * Tasks: how they come (clone, fork, vfork) and how they end.
 *
 * A new task that shares memory joins its creator's group; it is an effect of the call that made
 * it. One with a copy of the memory starts a stream of its own, which names the event that it
 * begins after.
 *
 * What the kernel does to memory when a task ends: on_thread_exit.c.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "record/recorder.h"
#include "record/written_pages.h"

/* --- Records --------------------------------------------------------------------------------- */

struct error *task_create(struct recorder *recorder, pid_t tid, struct task **ret)
{
    struct task *task = calloc(1, sizeof(*task));
    if (!task)
        return &err_no_memory;
    struct error *error = tracee_create(tid, &task->tracee);
    if (error) {
        free(task);
        return error;
    }
    task->tid = tid;
    task->next = recorder->tasks;
    recorder->tasks = task;
    *ret = task;
    return NULL;
}

struct error *group_create(struct group **ret)
{
    struct group *group = calloc(1, sizeof(*group));
    if (!group)
        return &err_no_memory;
    group->ready_last = &group->ready_first;
    *ret = group;
    return NULL;
}

/* The group goes with its last task. */
void leave_group(struct recorder *recorder, struct task *task)
{
    struct group *group = task->group;
    call_deinit(task);
    forget_ready(recorder, task);
    if (group->current == task)
        group->current = NULL;
    task->group = NULL;
    group->fast.strangers -= task->is_stranger;
    task->is_stranger = false;
    if (--group->tasks)
        return;
    fast_release(recorder, group);
    mapped_ranges_deinit(&group->files);
    page_ranges_deinit(&group->written);
    written_pages_forget(group);
    site_list_deinit(&group->sites);
    free(group);
}

void process_release(struct recorder *recorder, struct process *process)
{
    if (--process->tasks)
        return;
    free(process->executable);
    if (process != recorder->root)
        free(process);
}

void task_destroy(struct recorder *recorder, struct task *task)
{
    struct task **link = &recorder->tasks;
    while (*link != task)
        link = &(*link)->next;
    *link = task->next;
    forget_held_signals(recorder, task);
    tracee_destroy(task->tracee);
    free(task);
}

/* --- New tasks ------------------------------------------------------------------------------- */

/* The flags of clone, and of the calls that are short for one. */
static uint64_t clone_flags(struct task *task)
{
    const struct user_regs_struct *entry = &task->call.entry;
    uint64_t flags = 0;
    switch (entry->orig_rax) {
    case __NR_clone:
        return entry->rdi;
    case __NR_clone3:
        tracee_read_some(task->tracee, taddr_of(entry->rdi), &flags, sizeof(flags));
        return flags;
    case __NR_vfork:
        return CLONE_VM | CLONE_VFORK;
    default:
        return 0;
    }
}

/* An address among clone's arguments: where it is in clone's registers, or in clone3's structure.
 */
static uint64_t clone_address(struct task *task, uint64_t in_register, size_t in_structure)
{
    const struct user_regs_struct *entry = &task->call.entry;
    uint64_t address = 0;
    if (entry->orig_rax == __NR_clone)
        return in_register;
    if (entry->orig_rax == __NR_clone3)
        tracee_read_some(task->tracee, taddr_of(entry->rdi + in_structure), &address,
                         sizeof(address));
    return address;
}

static uint64_t child_tid_address(struct task *task)
{
    return clone_address(task, task->call.entry.r10, offsetof(struct clone_args, child_tid));
}

static uint64_t parent_tid_address(struct task *task)
{
    return clone_address(task, task->call.entry.rdx, offsetof(struct clone_args, parent_tid));
}

/* clone(2) stores it where it would store the parent's copy of the id. */
static uint64_t pidfd_address(struct task *task)
{
    return clone_address(task, task->call.entry.rdx, offsetof(struct clone_args, pidfd));
}

static struct error *join_process(struct task *creator, struct task *child, uint64_t flags)
{
    if (flags & CLONE_THREAD) {
        child->process = creator->process;
        child->process->tasks++;
        return NULL;
    }
    struct process *process = calloc(1, sizeof(*process));
    if (!process)
        return &err_no_memory;
    *process = (struct process){.pid = child->tid,
                                .parent = creator->process->pid,
                                .tasks = 1,
                                .segv = creator->process->segv};
    if (flags & CLONE_PARENT)
        process->parent = creator->process->parent;
    if (creator->process->executable)
        process->executable = strdup(creator->process->executable);
    child->process = process;
    return NULL;
}

static struct error *join_group(struct recorder *recorder, struct task *creator, struct task *child,
                                uint64_t flags)
{
    if (flags & CLONE_VM) {
        child->group = creator->group;
        child->group->tasks++;
        if (!(flags & CLONE_THREAD))
            fast_join_stranger(child, flags & CLONE_FILES);
        return NULL;
    }
    struct error *error = group_create(&child->group);
    if (error)
        return error;
    struct group *group = child->group;
    group->tasks = 1;
    chaos_fork(&group->chaos, &creator->group->chaos);
    group->program_break = creator->group->program_break;
    group->cpuid_traps = creator->group->cpuid_traps;
    error = site_list_copy(&group->sites, &creator->group->sites);
    if (!error)
        error = mapped_ranges_copy(&group->files, &creator->group->files);
    return error ? error : fast_fork(recorder, creator, child, flags & CLONE_FILES);
}

/* The registers that the child starts with are its creator's, as the program had them. */
static struct error *correct_child_registers(struct task *creator, struct task *child)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(child->tracee, &regs);
    if (error)
        return error;
    regs->rdi = creator->call.entry.rdi;
    tracee_regs_changed(child->tracee);
    return NULL;
}

struct error *on_new_task(struct recorder *recorder, struct task *creator, bool vfork)
{
    unsigned long tid;
    struct stop stop;
    struct task *child;
    struct error *error = tracee_event_message(creator->tracee, &tid);
    if (!error)
        error = wait_first_stop(recorder, (pid_t)tid, &stop);
    if (!error && (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)) /* killed before it ran */
        return tracee_run(creator->tracee, RUN_TO_CALL, 0);
    if (!error)
        error = task_create(recorder, (pid_t)tid, &child);
    if (error)
        return error;
    uint64_t flags = clone_flags(creator);
    child->signal_mask = creator->signal_mask;
    error = join_process(creator, child, flags);
    if (!error)
        error = join_group(recorder, creator, child, flags);
    if (!error)
        error = correct_child_registers(creator, child);
    if (error)
        return error;
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = child_tid_address(creator);
    creator->call.child = child;
    if (!vfork)
        return tracee_run(creator->tracee, RUN_TO_CALL, 0);
    /* The creator sleeps until the child execs or ends, which therefore comes first. */
    struct group *group = creator->group;
    error = log_call_entry(recorder, creator);
    if (!error)
        error = tracee_run(creator->tracee, RUN_TO_CALL, 0);
    if (group->current == creator)
        group->current = NULL;
    return error ? error : schedule(recorder, group);
}

/* CLONE_CHILD_SETTID writes in the child's memory, before its first stop. */
static struct error *add_child_tid(struct recorder *recorder, struct task *creator,
                                   struct task *child)
{
    if (!(clone_flags(creator) & CLONE_CHILD_SETTID))
        return NULL;
    return draft_memory(&recorder->draft, child->tracee, taddr_of(child_tid_address(creator)),
                        sizeof(uint32_t));
}

struct error *add_child_effect(struct recorder *recorder, struct task *task)
{
    struct task *child = task->call.child;
    struct effect effect = {.kind = EFFECT_FORK};
    if (child->group != task->group) {
        child->group->stream = ++recorder->streams; /* its START is logged next of all */
        effect.fork.stream = child->group->stream;
    } else {
        struct user_regs_struct *regs;
        struct error *error = tracee_regs(child->tracee, &regs);
        if (!error)
            error = add_child_tid(recorder, task, child);
        if (error)
            return error;
        effect = (struct effect){.kind = EFFECT_TASK};
        effect.task.tid = (uint32_t)child->tid;
        effect.task.pid = (uint32_t)child->process->pid;
        effect.task.regs = trace_regs_of(regs);
    }
    return draft_effect(&recorder->draft, &effect);
}

/*
 * What differs between the memory of a forked child and its creator's after the call: the kernel
 * writes CLONE_CHILD_SETTID's word into the child's only, CLONE_PARENT_SETTID's and CLONE_PIDFD's
 * into the creator's only.
 */
static struct error *add_tid_words(struct recorder *recorder, struct task *creator,
                                   struct task *child)
{
    uint64_t flags = clone_flags(creator);
    struct draft *draft = &recorder->draft;
    struct error *error = add_child_tid(recorder, creator, child);
    if (!error && flags & CLONE_PARENT_SETTID)
        error = draft_memory(draft, child->tracee, taddr_of(parent_tid_address(creator)),
                             sizeof(uint32_t));
    if (!error && flags & CLONE_PIDFD)
        error =
            draft_memory(draft, child->tracee, taddr_of(pidfd_address(creator)), sizeof(uint32_t));
    return error;
}

/* The first event of a stream that is a copy of its creator's after `event`. */
static struct error *log_forked_start(struct recorder *recorder, struct task *creator,
                                      struct task *child, uint64_t event)
{
    static const char *const no_arguments[] = {NULL};
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(child->tracee, &regs);
    if (error)
        return error;
    struct stream_origin origin = {.pid = (uint32_t)child->process->pid,
                                   .parent_pid = (uint32_t)child->process->parent,
                                   .forked = true,
                                   .parent_stream = creator->group->stream,
                                   .parent_event = event,
                                   .executable =
                                       child->process->executable ? child->process->executable : "",
                                   .arguments = no_arguments};
    draft_begin(&recorder->draft, EVENT_START);
    recorder->draft.event.origin = &origin;
    recorder->draft.event.after = trace_regs_of(regs);
    error = add_tid_words(recorder, creator, child);
    return error ? error : log_event(recorder, child);
}

struct error *start_child(struct recorder *recorder, struct task *task, uint64_t event)
{
    struct task *child = task->call.child;
    struct error *error = NULL;
    task->call.child = NULL;
    if (child->group != task->group)
        error = log_forked_start(recorder, task, child, event);
    if (error)
        return error;
    make_ready(recorder, child);
    return child->group == task->group ? NULL : schedule(recorder, child->group);
}

/* --- Ends ------------------------------------------------------------------------------------ */

/* A thread that ends does so at once, so that its end follows in the trace. (A leader's status
 * comes with the last thread's.) */
static struct error *see_thread_off(struct recorder *recorder, struct task *task)
{
    struct stop stop;
    for (;;) {
        struct error *error = tracee_run(task->tracee, RUN_ON, 0);
        if (!error || error == &err_tracee_gone)
            error = tracee_wait(task->tracee, &stop);
        if (error)
            return error;
        if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
            return on_gone(recorder, task, stop.status);
    }
}

struct error *on_exit_call(struct recorder *recorder, struct task *task)
{
    struct group *group = task->group;
    struct error *error = NULL;
    draft_begin(&recorder->draft, EVENT_CALL_ENTER);
    recorder->draft.event.before = trace_regs_of(&task->call.entry);
    if (task->call.entry.orig_rax == __NR_exit && group->tasks > 1)
        error = add_thread_exit_effects(recorder, task);
    if (!error)
        error = log_event(recorder, task);
    if (error)
        return error;
    task->call.entry_logged = true;
    task->state = TASK_EXITING;
    if (task->call.entry.orig_rax == __NR_exit && task->tid != task->process->pid)
        return see_thread_off(recorder, task);
    error = tracee_run(task->tracee, RUN_ON, 0);
    return error ? error : give_up_turn(recorder, task);
}

struct error *on_exiting(struct recorder *recorder, struct task *task)
{
    struct error *error = NULL;
    /* Killed inside a call that it will never leave: the replayed task shall stand there too. */
    if (task->group && task->call.active && !task->call.entry_logged && task->state == TASK_CALLING)
        error = log_call_entry(recorder, task);
    task->state = TASK_EXITING;
    task->call.output_ticket = 0;
    struct error *release_error = release_output(recorder, task);
    if (!error)
        error = release_error;
    if (!error)
        error = tracee_run(task->tracee, RUN_ON, 0);
    if (!task->group)
        return error;
    forget_ready(recorder, task);
    struct error *next = give_up_turn(recorder, task);
    return error ? error : next;
}

struct error *on_gone(struct recorder *recorder, struct task *task, int status)
{
    struct group *group = task->group;
    bool last = task->process->tasks == 1;
    draft_begin(&recorder->draft, EVENT_EXIT);
    recorder->draft.event.status = (uint32_t)status;
    recorder->draft.event.exit_flags = last ? EXIT_LAST_OF_PROCESS : 0;
    struct error *error = log_event(recorder, task);
    if (last && task->process == recorder->root)
        recorder->root_status = status;
    bool group_lives = group->tasks > 1;
    if (!error)
        error = release_output(recorder, task);
    leave_group(recorder, task);
    process_release(recorder, task->process);
    task_destroy(recorder, task);
    if (error || !group_lives)
        return error;
    return schedule(recorder, group);
}
