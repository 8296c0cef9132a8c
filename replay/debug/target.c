#include "replay/debug/target.h"

#include <stdlib.h>
#include <string.h>

#include "replay/debug/target_private.h"
#include "replay/pin.h"

/* --- Opening
 * --------------------------------------------------------------------------------------------- */

static struct error *summarise(struct target *target, const struct event *event, size_t *capacity)
{
    if (target->event_count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 1024;
        struct event_summary *grown = realloc(target->events, *capacity * sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        target->events = grown;
    }
    target->events[target->event_count++] = (struct event_summary){
        .tid = event->tid, .kind = (uint8_t)event->kind, .reach = (uint8_t)event->reach};
    return NULL;
}

static struct error *read_events(struct target *target)
{
    struct event_cursor *cursor;
    const struct event *event;
    size_t capacity = 0;
    struct error *error = event_cursor_create(target->reader, target->info->stream, &cursor);
    if (error)
        return error;
    while (!(error = event_cursor_next(cursor, &event)) && event)
        if ((error = summarise(target, event, &capacity)))
            break;
    event_cursor_destroy(cursor);
    if (!error && !target->event_count)
        error = error_new("record again", "stream %u has no events", target->info->stream);
    return error;
}

/* Behind the end there are only tasks that end, or the last one's execve. */
static void find_end(struct target *target)
{
    uint64_t last = target->event_count - 1;
    while (last && target->events[last].kind == EVENT_EXIT)
        last--;
    if (last && target->events[last].kind == EVENT_EXEC)
        last--;
    target->end_event = last;
}

static struct error *open_session(struct target *target)
{
    const struct trace_header *header = trace_reader_header(target->reader);
    replay_pin(header);
    struct error *error = store_open(header->store, false, &target->store);
    if (error)
        return error;
    target->options = (struct session_options){.reader = target->reader, .store = target->store};
    error = session_open(&target->options, target->info->stream, &target->now);
    if (!error)
        error = checkpoint_keep(target, target->now, after_event(0));
    target->current = stretch_task(target);
    return error;
}

struct error *target_open(struct trace_reader *reader, uint32_t stream, struct target **ret)
{
    struct target *target = calloc(1, sizeof(*target));
    if (!target)
        return &err_no_memory;
    target->reader = reader;
    target->info = trace_reader_stream(reader, stream);
    struct error *error = target->info ? read_events(target)
                                       : error_new("'reel ps' lists them", "no stream %u", stream);
    if (!error) {
        find_end(target);
        error = open_session(target);
    }
    if (error)
        target_close(target);
    else
        *ret = target;
    return error;
}

void target_close(struct target *target)
{
    if (!target)
        return;
    session_close(target->now);
    trail_drop(target);
    waypoints_deinit(target);
    checkpoints_deinit(&target->checkpoints);
    place_set(&target->place, after_event(0));
    free(target->events);
    free(target->insertions);
    free(target->breakpoints);
    free(target->watches);
    free(target->watch_insertion);
    if (target->store)
        store_close(target->store);
    free(target);
}

/* --- Where it stands
 * ------------------------------------------------------------------------------------- */

uint32_t stretch_task(const struct target *target)
{
    const struct event *next = session_next(target->now);
    return next ? next->tid : 0;
}

/* The task that a debugger looks at first: the one that runs next, or, at the end, the last that
 * did anything. */
static uint32_t task_of_interest(const struct target *target)
{
    uint64_t event = session_event(target->now);
    uint32_t tids[1] = {0};
    if (event < target->end_event)
        return stretch_task(target);
    for (uint64_t at = event + 1; at-- > 0;) {
        struct trace_regs ignored;
        struct error *error = session_registers(target->now, target->events[at].tid, &ignored);
        if (!error)
            return target->events[at].tid;
        error_free(error);
    }
    session_tasks(target->now, tids, 1);
    return tids[0];
}

void target_adopt(struct target *target, struct session *session, struct instant at)
{
    session_close(target->now);
    target->now = session;
    place_set(&target->place, at);
    target->current = task_of_interest(target);
}

struct error *target_seek(struct target *target, struct position position)
{
    struct instant at = {.event = position.event, .count = position.count};
    struct session *session;
    target->interrupted = false;
    if (position.event >= target->event_count)
        return error_new("'monitor events' says how many there are",
                         "the recording has no event %lu", position.event);
    /* With the last task gone there is nothing to look at: that is the end, too. */
    bool to_end = position.event > target->end_event;
    if (to_end)
        at = after_event(target->end_event);
    struct error *error = session_at(target, at, &session);
    if (error)
        return error;
    target_adopt(target, session, at);
    return to_end ? run_to_end(target) : NULL;
}

struct error *target_position(struct target *target, struct position *ret)
{
    struct instant at;
    target->interrupted = false;
    struct error *error = place_resolve(target, &at);
    if (!error)
        *ret = (struct position){at.event, at.count};
    return error;
}

uint64_t target_events(const struct target *target)
{
    return target->event_count;
}

/* --- Running
 * --------------------------------------------------------------------------------------------- */

void stop_at_insertion(const struct insertion *hit, uint32_t tid, struct target_stop *ret)
{
    *ret = (struct target_stop){.reason = hit->kind == WATCH_EXECUTE ? STOPPED_BREAKPOINT
                                                                     : STOPPED_WATCHPOINT,
                                .tid = tid,
                                .watch = hit->kind,
                                .address = hit->address};
}

static struct error *report_divergence(struct target *target, struct error *error)
{
    if (error != &err_diverged)
        return error;
    return error_new("please report it; 'reel replay -a' shows the details",
                     "the replay diverged from the recording after event %lu",
                     session_event(target->now));
}

struct error *target_resume(struct target *target, const struct resume *resume,
                            struct target_stop *ret)
{
    target->interrupted = false;
    target->has_siginfo = false;
    *ret = (struct target_stop){0};
    struct error *error = resume->direction == FORWARD ? resume_forward(target, resume, ret)
                                                       : resume_backward(target, resume, ret);
    if (error)
        return report_divergence(target, error);
    if (!ret->tid)
        ret->tid = task_of_interest(target);
    target->current = ret->tid;
    return NULL;
}

void target_interrupt(struct target *target)
{
    target->interrupted = true;
    pid_t pid = target->running;
    if (pid)
        run_interrupt(pid);
}

/* --- State
 * -----------------------------------------------------------------------------------------------
 */

const struct stream_info *target_stream(const struct target *target)
{
    return target->info;
}

uint32_t target_pid(const struct target *target)
{
    return target->info->origin.pid;
}

uint32_t target_current_task(const struct target *target)
{
    return target->current;
}

size_t target_tasks(const struct target *target, uint32_t *tids, size_t capacity)
{
    return session_tasks(target->now, tids, capacity);
}

struct error *target_registers(struct target *target, uint32_t tid, struct trace_regs *ret)
{
    return session_registers(target->now, tid, ret);
}

struct error *target_xsave(struct target *target, uint32_t tid, const uint8_t **ret, size_t *size)
{
    *ret = target->xsave;
    return session_xsave(target->now, tid, target->xsave, size);
}

size_t target_read(struct target *target, taddr address, void *bytes, size_t size)
{
    return session_read(target->now, address, bytes, size);
}

const uint8_t *target_siginfo(const struct target *target)
{
    return target->has_siginfo ? target->siginfo : NULL;
}

/* The START event of the keyframe that the stream goes back to. */
static struct error *read_keyframe(struct target *target, struct event_cursor **cursor,
                                   const struct event **ret)
{
    const struct stream_info *info = target->info;
    while (info->origin.forked)
        info = trace_reader_stream(target->reader, info->origin.parent_stream);
    struct error *error = event_cursor_create(target->reader, info->stream, cursor);
    return error ? error : event_cursor_next(*cursor, ret);
}

/* The word at `address` in the contents that the keyframe gives; false if it gives none. */
static bool initial_word(const struct event *start, uint64_t address, uint64_t *ret)
{
    for (size_t i = 0; i < start->effect_count; i++) {
        const struct effect *effect = &start->effects[i];
        uint64_t offset = address - effect->address.value;
        if (effect->kind != EFFECT_MEMORY || effect->length < sizeof(*ret) ||
            offset > effect->length - sizeof(*ret))
            continue;
        memcpy(ret, effect->bytes + offset, sizeof(*ret));
        return true;
    }
    return false;
}

/* On the stack at exec: argc, argv…, NULL, environment…, NULL, pairs to AT_NULL. */
static void copy_auxv(const struct event *start, struct buffer *ret)
{
    uint64_t at = start->after.value[TRACE_RSP] + 8, word, value;
    for (int arrays = 0; arrays < 2; arrays++) {
        do {
            if (!initial_word(start, at, &word))
                return;
            at += 8;
        } while (word);
    }
    do {
        if (!initial_word(start, at, &word) || !initial_word(start, at + 8, &value))
            return;
        buffer_put_u64(ret, word);
        buffer_put_u64(ret, value);
        at += 16;
    } while (word);
}

struct error *target_auxv(struct target *target, struct buffer *ret)
{
    struct event_cursor *cursor = NULL;
    const struct event *start = NULL;
    struct error *error = read_keyframe(target, &cursor, &start);
    if (!error && start)
        copy_auxv(start, ret);
    event_cursor_destroy(cursor);
    return error;
}
