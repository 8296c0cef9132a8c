/*
 * A session replays one stream: a vessel, the register sets of the stream's tasks, and a cursor
 * over its events.
 *
 *   session_reach()  lets the next event's task run to the event, and compares its
 * registers with the recording session_apply()  applies the event: memory, mappings, registers,
 * tasks come and go
 *
 * Between the two the vessel stands at the event. A session can be copied (session_fork), which
 * costs one fork.
 */
#ifndef REEL_REPLAY_SESSION_H
#define REEL_REPLAY_SESSION_H

#include "engine/count/run.h"
#include "replay/vessel.h"
#include "trace-format/reader.h"

struct session;

/* What differed, when a function returned &err_diverged. */
struct divergence {
    uint64_t event;
    uint32_t stream, tid;
    const char *what; /* "registers", "memory", "the task ended", … static */
    int signal;       /* that stopped the task, or 0 */
    bool have_regs;
    struct trace_regs recorded, replayed;
    taddr address; /* "memory": the piece that differs */
    uint64_t length;
};

/* How points were found: by how often the whole state was compared at places that passed the quick
 * test; the last entry also counts those above. */
#define POINT_CHECKS_MAX 16
struct point_statistics {
    uint64_t by_checks[POINT_CHECKS_MAX];
    uint64_t most;
};

/* How session_reach() lets a task run to its next event. */
enum session_way {
    SESSION_RUNS_NATIVELY,
    SESSION_RUNS_COUNTED, /* in the counting engine */
    SESSION_RUNS_STEPPED, /* by single steps, the engine's oracle: 20 us an instruction */
};

/* Where sessions of a replay get their files from, and what they are to do besides. */
struct session_options {
    struct trace_reader *reader;
    const struct store *store;
    bool check_memory; /* compare CHECK effects */
    /* Called for bytes that the program wrote to its original stdout or stderr (descriptor 1 or 2);
     * may be NULL. */
    void (*output)(void *context, uint32_t descriptor, const void *bytes, size_t size);
    enum session_way way;
    struct point_statistics *points; /* NULL, or to be added to */
    /* Called when a task has reached `event` after `count` instructions, which native runs do not
     * know; may be NULL. */
    void (*counted)(void *context, uint32_t stream, uint64_t event, uint64_t count);
    void *context;
};

/*
 * A session that stands after event 0 of the stream: built from its keyframe, or, for a forked
 * stream, by replaying its parent to the fork. `options` must outlive the session.
 */
struct error *session_open(const struct session_options *options, uint32_t stream,
                           struct session **ret) MUST_CHECK;
void session_close(struct session *session);

/* A copy of a session that stands anywhere, mid-stretch included. */
struct error *session_fork(struct session *session, struct session **ret) MUST_CHECK;

/* The stream that a FORK effect of the event just applied began, as a session of its own, standing
 * after its event 0. */
struct error *session_fork_stream(struct session *session, uint32_t stream,
                                  struct session **ret) MUST_CHECK;

uint32_t session_stream(const struct session *session);

/* The kernel process that carries it. */
pid_t session_process(const struct session *session);

/* The next event, or NULL at the end of the stream. */
const struct event *session_next(const struct session *session);

/* The number of the last applied event. */
uint64_t session_event(const struct session *session);

/* The vessel's task, with the registers of the next event's task loaded. */
struct error *session_load(struct session *session, struct tracee **ret) MUST_CHECK;

/* Runs the next event's task counted: run_counted(), by the translator where that is faster. At the
 * next event's point, if it has one, the run ends with RUN_ENDED_AT_POINT, also right where it
 * begins. */
struct error *session_run_counted(struct session *session, const struct run_conditions *conditions,
                                  uint64_t limit, struct run_result *ret) MUST_CHECK;

/* Runs the next event's task natively: run_native(). */
struct error *session_run_native(struct session *session, const struct run_conditions *conditions,
                                 struct run_result *ret) MUST_CHECK;

/*
 * Natively through events CALL_FAST that come next, without a stop at each, as far as event `last`
 * at most. *passed: false if there is none that can be, or the session does not run natively, or
 * there are watches; nothing was done then. Else the run has ended as *ret says: the session stands
 * behind session_event(), which may be the one where it stood, and if the run has reached an event,
 * at the next, compared: session_reach() has nothing left to do.
 */
struct error *session_pass_calls(struct session *session, const struct run_conditions *conditions,
                                 uint64_t last, struct run_result *ret, bool *passed) MUST_CHECK;

/* To the next event and over it, or natively over many calls at once; not beyond event `last`. */
struct error *session_cross(struct session *session, uint64_t last) MUST_CHECK;

struct error *session_reach(struct session *session) MUST_CHECK;
struct error *session_apply(struct session *session) MUST_CHECK;

/* Compares the vessel, standing at the next event, with the recording. Part of session_reach(), for
 * those who run the task themselves. `signal`: what stopped it, 0 at a system call. */
struct error *session_compare(struct session *session, int signal) MUST_CHECK;

const struct divergence *session_divergence(const struct session *session);

/* Live tasks: fills at most `capacity` tids in order of creation; returns how many there are. */
size_t session_tasks(const struct session *session, uint32_t *tids, size_t capacity);

/* The registers of a task as a debugger shows them: in a system call, as at its entry. false if
 * there is no such task. */
struct error *session_registers(struct session *session, uint32_t tid,
                                struct trace_regs *ret) MUST_CHECK;
struct error *session_xsave(struct session *session, uint32_t tid, void *bytes,
                            size_t *size) MUST_CHECK;

/* Reads what it can. */
size_t session_read(struct session *session, taddr address, void *bytes, size_t size);

#endif
