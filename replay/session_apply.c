/*
 * Applying an event: what the kernel did to memory, to the address space, to the registers, and to
 * the set of tasks.
 */
#include <stdlib.h>
#include <string.h>

#include "replay/session_private.h"

/* --- Registers
 * ------------------------------------------------------------------------------------------- */

static struct error *set_registers(struct session *session, struct session_task *task,
                                   const struct trace_regs *regs)
{
    struct tracee *tracee = vessel_tracee(session->vessel);
    struct user_regs_struct *live;
    task->regs = *regs;
    if (session->loaded != task->tid)
        return NULL;
    struct error *error = tracee_regs(tracee, &live);
    if (error)
        return error;
    memcpy(live, regs, sizeof(*live));
    live->orig_rax = (uint64_t)-1;
    tracee_regs_changed(tracee);
    return NULL;
}

static struct error *set_xsave(struct session *session, struct session_task *task,
                               const struct effect *effect)
{
    if (effect->length > XSAVE_MAX)
        return error_new("the trace is damaged or was made up", "a vector state of %lu bytes",
                         effect->length);
    if (session->loaded == task->tid)
        return tracee_set_xsave(vessel_tracee(session->vessel), effect->bytes, effect->length);
    if (!task->xsave)
        task->xsave = malloc(XSAVE_MAX);
    if (!task->xsave)
        return &err_no_memory;
    memcpy(task->xsave, effect->bytes, effect->length);
    task->xsave_size = effect->length;
    return NULL;
}

/* Those that the event has of `after`; the others stay as they are. */
static struct error *set_after(struct session *session, struct session_task *task,
                               const struct event *event)
{
    struct trace_regs regs;
    if (event->kind != EVENT_CALL_FAST)
        return set_registers(session, task, &event->after);
    struct error *error = session_registers(session, task->tid, &regs);
    if (error)
        return error;
    for (size_t i = 0; i < TRACE_REGS; i++)
        if (event_has_register(event, i, true))
            regs.value[i] = event->after.value[i];
    return set_registers(session, task, &regs);
}

/* --- Tasks
 * -----------------------------------------------------------------------------------------------
 */

static struct error *add_task(struct session *session, uint32_t tid, uint32_t pid,
                              const struct trace_regs *regs)
{
    struct session_task *grown =
        realloc(session->tasks, (session->task_count + 1) * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    session->tasks = grown;
    grown[session->task_count++] = (struct session_task){.tid = tid, .pid = pid, .regs = *regs};
    return NULL;
}

static void remove_task(struct session *session, uint32_t tid)
{
    struct session_task *task = session_task(session, tid);
    if (!task)
        return;
    free(task->xsave);
    size_t behind = session->task_count - (size_t)(task - session->tasks) - 1;
    memmove(task, task + 1, behind * sizeof(*task));
    session->task_count--;
    if (session->loaded == tid)
        session->loaded = 0;
}

/* A new thread has its creator's vector state. */
static struct error *create_task(struct session *session, const struct event *event,
                                 const struct effect *effect)
{
    uint8_t bytes[XSAVE_MAX];
    size_t size;
    struct error *error = session_xsave(session, event->tid, bytes, &size);
    if (!error)
        error = add_task(session, effect->task.tid, effect->task.pid, &effect->task.regs);
    if (error)
        return error;
    const struct effect copy = {.kind = EFFECT_XSAVE, .bytes = bytes, .length = size};
    return set_xsave(session, session_task(session, effect->task.tid), &copy);
}

/* The first task of a stream: new, or, in a forked one, its creator under another name, alone. */
static struct error *start_task(struct session *session, const struct event *event)
{
    if (!event->origin->forked)
        return add_task(session, event->tid, event->origin->pid, &event->after);
    struct session_task *task = session_task(session, session->last_tid);
    if (!task)
        return session_diverged(session, "a fork by a task that does not exist", 0);
    struct session_task kept = *task;
    task->xsave = NULL;
    while (session->task_count)
        remove_task(session, session->tasks[0].tid);
    session->loaded = 0;
    kept.tid = event->tid;
    kept.pid = event->origin->pid;
    kept.in_call = false;
    kept.regs = event->after;
    session->tasks[session->task_count++] = kept;
    return NULL;
}

/* --- Effects
 * --------------------------------------------------------------------------------------------- */

static struct error *print_output(struct session *session, const struct effect *effect)
{
    uint8_t bytes[65536];
    if (!session->options->output)
        return NULL;
    for (uint64_t done = 0; done < effect->length;) {
        uint64_t size =
            effect->length - done < sizeof(bytes) ? effect->length - done : sizeof(bytes);
        size_t got = vessel_read(session->vessel, taddr_add(effect->address, done), bytes, size);
        if (got == 0)
            return session_diverged(session, "output from memory that is not there", 0);
        session->options->output(session->options->context, effect->output.descriptor, bytes, got);
        done += got;
    }
    return NULL;
}

static struct error *check_memory(struct session *session, const struct effect *effect)
{
    if (!session->options->check_memory)
        return NULL;
    uint64_t hash;
    struct error *error = session_hash(session, effect->address, effect->length, &hash);
    if (error || hash == effect->check.hash)
        return error;
    error = session_diverged(session, "memory", 0);
    session->divergence.address = effect->address;
    session->divergence.length = effect->length;
    return error;
}

static struct error *apply_effect(struct session *session, const struct event *event,
                                  const struct effect *effect)
{
    struct session_task *task = session_task(session, event->tid);
    switch (effect->kind) {
    case EFFECT_XSAVE:
        return task && event->kind != EVENT_POINT ? set_xsave(session, task, effect) : NULL;
    case EFFECT_TASK:
        return create_task(session, event, effect);
    case EFFECT_OUTPUT:
        return print_output(session, effect);
    case EFFECT_CHECK:
        return check_memory(session, effect);
    case EFFECT_STATE:
    case EFFECT_WORD:
        return NULL; /* session_point.c */
    case EFFECT_FORK:
        return NULL; /* session_fork_stream() */
    default:
        return vessel_apply(session->vessel, effect);
    }
}

struct error *session_apply_event(struct session *session, const struct event *event)
{
    struct error *error = event->kind == EVENT_START ? start_task(session, event) : NULL;
    for (size_t i = 0; !error && i < event->effect_count; i++)
        error = apply_effect(session, event, &event->effects[i]);
    struct session_task *task = session_task(session, event->tid);
    if (error)
        return error;
    if (!task)
        return session_diverged(session, "an event of a task that does not exist", 0);
    if (event->kind == EVENT_CALL_ENTER)
        task->in_call = true;
    else if (event->kind == EVENT_EXEC || event->kind == EVENT_EXIT)
        remove_task(session, event->tid);
    else
        error = set_after(session, task, event);
    if (event->kind == EVENT_CALL_EXIT)
        task->in_call = false;
    return error;
}

struct error *session_apply(struct session *session)
{
    struct error *error = session_apply_event(session, session->next);
    if (error)
        return error;
    session->event = session->next->number;
    session->last_tid = session->next->tid;
    session->point_checks = 0;
    session->arrived = false;
    return session_advance(session);
}
