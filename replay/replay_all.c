/*
 * Each live stream has a session, and the events of all are applied in the order of their ticks. A
 * session runs on to its next event as soon as its last was applied; the others wait.
 */
#include "replay/replay_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/divergence.h"
#include "replay/pin.h"

struct live {
    struct session *session;
    struct live *next;
};

struct replay {
    struct session_options session_options;
    struct live *live;
    uint32_t opened; /* streams up to this one have begun */
    uint32_t root;   /* process id of the first stream */
    int status;
    FILE *counts;
    struct replay_statistics statistics;
};

static void write_output(void *context, uint32_t descriptor, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t put = write(descriptor == STDERR_FILENO ? STDERR_FILENO : STDOUT_FILENO, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return;
        at += put;
        size -= (size_t)put;
    }
}

static void write_count(void *context, uint32_t stream, uint64_t event, uint64_t count)
{
    struct replay *replay = context;
    fprintf(replay->counts, "%u %lu %lu\n", stream, event, count);
}

static struct error *add_live(struct replay *replay, struct session *session)
{
    struct live *live = malloc(sizeof(*live));
    if (!live) {
        session_close(session);
        return &err_no_memory;
    }
    *live = (struct live){.session = session, .next = replay->live};
    replay->live = live;
    replay->opened =
        session_stream(session) > replay->opened ? session_stream(session) : replay->opened;
    return NULL;
}

static void remove_live(struct replay *replay, struct live *live)
{
    struct live **link = &replay->live;
    while (*link != live)
        link = &(*link)->next;
    *link = live->next;
    session_close(live->session);
    free(live);
}

/* The session whose next event comes first; sessions without one are closed. */
static struct live *earliest(struct replay *replay)
{
    struct live *first = NULL;
    for (struct live *live = replay->live, *next; live; live = next) {
        next = live->next;
        const struct event *event = session_next(live->session);
        if (!event)
            remove_live(replay, live);
        else if (!first || event->tick < session_next(first->session)->tick)
            first = live;
    }
    return first;
}

/* The next stream that begins with a keyframe before `tick`. Forked ones begin with the event that
 * forks them. */
static struct error *open_next_stream(struct replay *replay, uint64_t tick, bool *ret)
{
    struct trace_reader *reader = replay->session_options.reader;
    *ret = false;
    if (replay->opened == trace_reader_streams(reader))
        return NULL;
    const struct stream_info *info = trace_reader_stream(reader, replay->opened + 1);
    if (info->start_tick > tick)
        return NULL;
    if (info->origin.forked) { /* its parent's fork is not in the recording: cut just there */
        replay->opened++;
        *ret = true;
        return NULL;
    }
    struct session *session;
    struct error *error = session_open(&replay->session_options, replay->opened + 1, &session);
    if (error)
        return error;
    *ret = true;
    return add_live(replay, session);
}

/* The streams that this event forked. */
static struct error *open_forks(struct replay *replay, struct session *session,
                                const uint32_t *streams, size_t count)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < count; i++) {
        struct session *child;
        if (streams[i] > trace_reader_streams(replay->session_options.reader))
            continue; /* the recording was cut before it began */
        error = session_fork_stream(session, streams[i], &child);
        if (!error)
            error = add_live(replay, child);
    }
    return error;
}

#define FORKS_MAX 4 /* of one event */

static size_t forked_streams(const struct event *event, uint32_t streams[FORKS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < event->effect_count && count < FORKS_MAX; i++)
        if (event->effects[i].kind == EFFECT_FORK)
            streams[count++] = event->effects[i].fork.stream;
    return count;
}

/* Natively, through calls that need no stop; *passed: as far as possible for now. What comes next
 * may be another stream's. */
static struct error *pass_calls(struct replay *replay, struct session *session, bool *passed)
{
    struct run_result ignored;
    uint64_t before = session_event(session);
    struct error *error = session_pass_calls(session, NULL, UINT64_MAX, &ignored, passed);
    uint64_t calls = session_event(session) - before;
    replay->statistics.events += calls;
    replay->statistics.calls += calls;
    replay->statistics.calls_passed += calls;
    return error;
}

static struct error *replay_event(struct replay *replay, struct session *session)
{
    bool passed;
    struct error *error = pass_calls(replay, session, &passed);
    if (error || passed)
        return error;
    const struct event *event = session_next(session);
    uint32_t forks[FORKS_MAX];
    size_t fork_count = forked_streams(event, forks);
    error = session_reach(session);
    if (error)
        return error;
    replay->statistics.events++;
    if (event->kind == EVENT_CALL || event->kind == EVENT_CALL_ENTER ||
        event->kind == EVENT_CALL_FAST)
        replay->statistics.calls++;
    bool ends_root = event->kind == EVENT_EXIT && event->exit_flags & EXIT_LAST_OF_PROCESS &&
                     event->tid == replay->root;
    if (ends_root)
        replay->status = (int)event->status;
    error = session_apply(session);
    return error ? error : open_forks(replay, session, forks, fork_count);
}

static struct error *replay_streams(struct replay *replay)
{
    for (;;) {
        struct live *live = earliest(replay);
        bool opened;
        uint64_t tick = live ? session_next(live->session)->tick : UINT64_MAX;
        struct error *error = open_next_stream(replay, tick, &opened);
        if (!error && opened)
            continue;
        if (error || !live)
            return error;
        error = replay_event(replay, live->session);
        if (error == &err_diverged)
            divergence_report(stderr, live->session);
        if (error)
            return error;
    }
}

struct error *replay_all(const struct replay_options *options, int *status,
                         struct replay_statistics *statistics)
{
    uint64_t resumes = tracee_resumes();
    const struct trace_header *header = trace_reader_header(options->reader);
    struct store *store;
    struct error *error = store_open(header->store, false, &store);
    if (error)
        return error;
    replay_pin(header);
    struct replay replay = {.session_options = {.reader = options->reader,
                                                .store = store,
                                                .check_memory = options->check_memory,
                                                .output = options->silent ? NULL : write_output,
                                                .way = options->way,
                                                .counted = options->counts ? write_count : NULL},
                            .counts = options->counts};
    replay.session_options.context = &replay;
    replay.session_options.points = &replay.statistics.points;
    if (trace_reader_streams(options->reader))
        replay.root = trace_reader_stream(options->reader, 1)->origin.pid;
    error = replay_streams(&replay);
    while (replay.live)
        remove_live(&replay, replay.live);
    replay_unpin();
    store_close(store);
    *status = replay.status;
    *statistics = replay.statistics;
    statistics->stops = tracee_resumes() - resumes;
    return error;
}
