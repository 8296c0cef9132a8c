/*
 * A session's fields, for the files session*.c only.
 */
#ifndef REEL_REPLAY_SESSION_PRIVATE_H
#define REEL_REPLAY_SESSION_PRIVATE_H

#include "replay/session.h"

/* A thread of the recording: a register set. While it is the loaded one, the vessel has the truth.
 */
struct session_task {
    uint32_t tid, pid;
    struct trace_regs regs;
    uint8_t *xsave; /* NULL: never had one of its own yet (the loaded task may) */
    size_t xsave_size;
    bool in_call; /* between CALL_ENTER and CALL_EXIT */
};

struct session {
    const struct session_options *options;
    uint32_t stream;
    struct vessel *vessel;
    struct session_task *tasks; /* in order of creation */
    size_t task_count;
    uint32_t loaded; /* tid whose registers the vessel has; 0: none */
    struct event_cursor *cursor;
    const struct event *next;
    uint64_t event;        /* last applied, */
    uint32_t last_tid;     /* and whose it was */
    bool arrived;          /* stands at the next event, which was compared */
    uint64_t point_checks; /* full comparisons of the state since the last event */
    struct divergence divergence;
};

struct session_task *session_task(struct session *session, uint32_t tid);

/* Copies the loaded task's registers out of the vessel. */
struct error *session_save(struct session *session) MUST_CHECK;

/* Moves the cursor on, after an event was applied. */
struct error *session_advance(struct session *session) MUST_CHECK;

/* Makes event `number` the next one; the vessel stands where it does. */
struct error *session_seek(struct session *session, uint64_t number) MUST_CHECK;

/* Applies `event`'s effects and registers; START included. */
struct error *session_apply_event(struct session *session, const struct event *event) MUST_CHECK;

/* Whether these are the registers that the event has of `before`, but for what the kernel leaves in
 * the flags; orig_rax only counts at a call. */
bool session_same_registers(const struct event *event, const struct trace_regs *regs);

/* Runs the loaded task counted, in the way that the session's options say. */
struct error *session_count(struct session *session, const struct run_conditions *conditions,
                            uint64_t limit, struct run_result *ret) MUST_CHECK;

/* session_run_counted() where the next event is a POINT. Ends at it with RUN_ENDED_AT_POINT. */
struct error *session_run_to_point(struct session *session, const struct run_conditions *conditions,
                                   uint64_t limit, struct run_result *ret) MUST_CHECK;

/* XXH3-64 of memory; what is not there counts as zero. */
struct error *session_hash(struct session *session, taddr address, uint64_t length,
                           uint64_t *ret) MUST_CHECK;

struct error *session_diverged(struct session *session, const char *what, int signal) MUST_CHECK;

#endif
