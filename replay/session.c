#include "replay/session.h"

#include <stdlib.h>
#include <string.h>

#include "replay/session_private.h"

_Static_assert(sizeof(struct trace_regs) == sizeof(struct user_regs_struct),
               "same registers, same order");

/* --- Tasks
 * -----------------------------------------------------------------------------------------------
 */

struct session_task *session_task(struct session *session, uint32_t tid)
{
    for (size_t i = 0; i < session->task_count; i++)
        if (session->tasks[i].tid == tid)
            return &session->tasks[i];
    return NULL;
}

static struct error *save_xsave(struct session *session, struct session_task *task)
{
    if (!task->xsave)
        task->xsave = malloc(XSAVE_MAX);
    if (!task->xsave)
        return &err_no_memory;
    return tracee_get_xsave(vessel_tracee(session->vessel), task->xsave, &task->xsave_size);
}

struct error *session_save(struct session *session)
{
    struct session_task *task = session->loaded ? session_task(session, session->loaded) : NULL;
    struct user_regs_struct *regs;
    if (!task)
        return NULL;
    struct error *error = tracee_regs(vessel_tracee(session->vessel), &regs);
    if (error)
        return error;
    memcpy(&task->regs, regs, sizeof(task->regs));
    return save_xsave(session, task);
}

static struct error *load(struct session *session, struct session_task *task)
{
    struct tracee *tracee = vessel_tracee(session->vessel);
    struct user_regs_struct *regs;
    struct error *error = session_save(session);
    if (!error)
        error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    memcpy(regs, &task->regs, sizeof(*regs));
    regs->orig_rax = (uint64_t)-1; /* else the kernel may take it for a call to be restarted */
    tracee_regs_changed(tracee);
    if (task->xsave)
        error = tracee_set_xsave(tracee, task->xsave, task->xsave_size);
    session->loaded = task->tid;
    return error;
}

struct error *session_load(struct session *session, struct tracee **ret)
{
    *ret = vessel_tracee(session->vessel);
    if (!session->next || session->next->tid == session->loaded)
        return NULL;
    struct session_task *task = session_task(session, session->next->tid);
    if (!task)
        return session_diverged(session, "an event of a task that does not exist", 0);
    return load(session, task);
}

/* --- Opening and copying
 * --------------------------------------------------------------------------------- */

struct error *session_advance(struct session *session)
{
    return event_cursor_next(session->cursor, &session->next);
}

struct error *session_seek(struct session *session, uint64_t number)
{
    struct error *error = event_cursor_seek(session->cursor, number);
    return error ? error : session_advance(session);
}

static struct error *create(const struct session_options *options, uint32_t stream,
                            struct session **ret)
{
    struct session *session = calloc(1, sizeof(*session));
    if (!session)
        return &err_no_memory;
    session->options = options;
    session->stream = stream;
    struct error *error = event_cursor_create(options->reader, stream, &session->cursor);
    if (error)
        session_close(session);
    else
        *ret = session;
    return error;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->task_count; i++)
        free(session->tasks[i].xsave);
    free(session->tasks);
    event_cursor_destroy(session->cursor);
    vessel_destroy(session->vessel);
    free(session);
}

/* Applies event 0, which needs no reaching. */
static struct error *start(struct session *session)
{
    struct error *error = session_advance(session);
    if (error)
        return error;
    if (!session->next)
        return error_new("record again", "stream %u has no beginning: the recording was cut there",
                         session->stream);
    return session_apply(session);
}

static struct error *open_keyframe(const struct session_options *options, uint32_t stream,
                                   struct session **ret)
{
    struct session *session;
    struct error *error = create(options, stream, &session);
    if (error)
        return error;
    error = vessel_create(options->store, &session->vessel);
    if (!error)
        error = start(session);
    if (error)
        session_close(session);
    else
        *ret = session;
    return error;
}

static struct error *replay_to(struct session *session, uint64_t event)
{
    struct error *error = NULL;
    while (!error && session->event < event) {
        if (!session->next)
            return error_new("record again", "stream %u ends at event %lu, before event %lu",
                             session->stream, session->event, event);
        error = session_cross(session, event);
    }
    return error;
}

struct error *session_open(const struct session_options *options, uint32_t stream,
                           struct session **ret)
{
    const struct stream_origin *origin = &trace_reader_stream(options->reader, stream)->origin;
    if (!origin->forked)
        return open_keyframe(options, stream, ret);
    struct session *parent;
    struct session_options silent = *options;
    silent.output = NULL; /* what the parent printed, and how far it ran, is not this stream's */
    silent.counted = NULL;
    struct error *error = session_open(&silent, origin->parent_stream, &parent);
    if (error)
        return error;
    error = replay_to(parent, origin->parent_event);
    if (!error)
        error = session_fork_stream(parent, stream, ret);
    if (!error)
        (*ret)->options = options;
    session_close(parent);
    return error;
}

static struct error *copy_task(struct session_task *to, const struct session_task *from)
{
    *to = *from;
    if (!from->xsave)
        return NULL;
    to->xsave = malloc(XSAVE_MAX);
    if (!to->xsave)
        return &err_no_memory;
    memcpy(to->xsave, from->xsave, from->xsave_size);
    return NULL;
}

static struct error *copy_tasks(struct session *to, const struct session *from)
{
    to->tasks = calloc(from->task_count + 1, sizeof(*to->tasks));
    if (!to->tasks)
        return &err_no_memory;
    for (; to->task_count < from->task_count; to->task_count++) {
        struct error *error = copy_task(&to->tasks[to->task_count], &from->tasks[to->task_count]);
        if (error)
            return error;
    }
    return NULL;
}

struct error *session_fork(struct session *session, struct session **ret)
{
    struct session *copy;
    struct error *error = create(session->options, session->stream, &copy);
    if (error)
        return error;
    copy->event = session->event;
    copy->last_tid = session->last_tid;
    copy->loaded = session->loaded;
    copy->arrived = session->arrived;
    error = vessel_fork(session->vessel, &copy->vessel);
    if (!error)
        error = copy_tasks(copy, session);
    if (!error)
        error = session_seek(copy, session->event + 1);
    if (error)
        session_close(copy);
    else
        *ret = copy;
    return error;
}

struct error *session_fork_stream(struct session *session, uint32_t stream, struct session **ret)
{
    struct session *child;
    struct error *error = session_save(session);
    if (!error)
        error = create(session->options, stream, &child);
    if (error)
        return error;
    child->last_tid = session->last_tid;
    error = vessel_fork_as_recorded(session->vessel, &child->vessel);
    if (!error)
        error = copy_tasks(child, session);
    if (!error)
        error = start(child);
    if (error == &err_diverged) /* whoever asked has only the parent to look at */
        session->divergence = child->divergence;
    if (error)
        session_close(child);
    else
        *ret = child;
    return error;
}

/* --- What it looks like
 * ---------------------------------------------------------------------------------- */

pid_t session_process(const struct session *session)
{
    return tracee_tid(vessel_tracee(session->vessel));
}

uint32_t session_stream(const struct session *session)
{
    return session->stream;
}

const struct event *session_next(const struct session *session)
{
    return session->next;
}

uint64_t session_event(const struct session *session)
{
    return session->event;
}

const struct divergence *session_divergence(const struct session *session)
{
    return &session->divergence;
}

size_t session_tasks(const struct session *session, uint32_t *tids, size_t capacity)
{
    for (size_t i = 0; i < session->task_count && i < capacity; i++)
        tids[i] = session->tasks[i].tid;
    return session->task_count;
}

static struct error *no_such_task(uint32_t tid)
{
    return error_new(NULL, "the recording has no task %u here", tid);
}

struct error *session_registers(struct session *session, uint32_t tid, struct trace_regs *ret)
{
    struct session_task *task = session_task(session, tid);
    if (!task)
        return no_such_task(tid);
    if (session->loaded == tid) {
        struct user_regs_struct *regs;
        struct error *error = tracee_regs(vessel_tracee(session->vessel), &regs);
        if (error)
            return error;
        memcpy(&task->regs, regs, sizeof(task->regs));
    }
    *ret = task->regs;
    return NULL;
}

struct error *session_xsave(struct session *session, uint32_t tid, void *bytes, size_t *size)
{
    struct session_task *task = session_task(session, tid);
    if (!task)
        return no_such_task(tid);
    if (session->loaded == tid || !task->xsave)
        return tracee_get_xsave(vessel_tracee(session->vessel), bytes, size);
    memcpy(bytes, task->xsave, task->xsave_size);
    *size = task->xsave_size;
    return NULL;
}

size_t session_read(struct session *session, taddr address, void *bytes, size_t size)
{
    return vessel_read_original(session->vessel, address, bytes, size);
}
