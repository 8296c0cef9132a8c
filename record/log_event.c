/*
 * The draft becomes an event of the trace.
 */
#include <string.h>

#include "record/recorder.h"

/* Events after which the task's memory is there and at rest. */
static bool is_checked(const struct event *event)
{
    return event->kind != EVENT_EXIT && event->kind != EVENT_EXEC && !event->fatal;
}

static void follow_stack(struct task *task, const struct event *event)
{
    if (event_has_after(event->kind))
        task->stack_pointer = event->after.value[TRACE_RSP];
    else if (event_has_before(event->kind))
        task->stack_pointer = event->before.value[TRACE_RSP];
}

static void follow_registers(struct task *task, const struct event *event)
{
    _Static_assert(sizeof(task->last_exit) == sizeof(event->after), "the same registers");
    if (event_has_after(event->kind))
        memcpy(&task->last_exit, &event->after, sizeof(task->last_exit));
}

struct error *log_event(struct recorder *recorder, struct task *task)
{
    struct draft *draft = &recorder->draft;
    struct event *event = &draft->event;
    follow_stack(task, event);
    follow_registers(task, event);
    if (recorder->options->memory_checks && is_checked(event)) {
        struct error *error = add_memory_check(recorder, task);
        if (error && error != &err_tracee_gone) /* killed meanwhile: nothing to check any more */
            return error;
    }
    event->tid = (uint32_t)task->tid;
    event->effects = draft->effects;
    event->effect_count = draft->count;
    trace_writer_event(recorder->writer, task->group->stream, event);
    recorder->statistics.events++;
    if (event->kind == EVENT_CALL || event->kind == EVENT_CALL_ENTER)
        recorder->statistics.calls++;
    return NULL;
}
