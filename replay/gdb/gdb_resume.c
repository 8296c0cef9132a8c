/*
 * Resuming: vCont and the older c, s, C, S forwards, bc and bs backwards.
 *
 * Which thread runs, and which signal it gets, the recording decides. So a resume comes down to:
 * step this thread, step it through a range, or continue; signals that a client passes are ignored.
 */
#include <string.h>

#include "replay/gdb/gdb_session.h"

/* Whether the client asked not to hear of this stop: SIGCHLD and the like, by QPassSignals. */
static bool passes(const struct gdb_session *session, const struct target_stop *stop)
{
    return stop->reason == STOPPED_SIGNAL && session->pass[gdb_signal_of_linux(stop->signal)] &&
           !session->link.closed;
}

/* gdb sends a resume after each vRun and expects to stop at the start; Delve does as gdb does. gdb
 * prints signal 0 as "stopped", but Delve takes it for the start of the recording. */
static void answer_restart(struct gdb_session *session)
{
    session->restarted = false;
    gdb_put_stop(session, &session->stop);
    if (session->client != GDB_CLIENT_DELVE && session->reply.size > 3)
        memcpy(session->reply.data, "T00", 3);
}

/* Runs, and replies with the stop. A target that failed is good for nothing more. */
static struct error *run(struct gdb_session *session, const struct resume *resume)
{
    if (session->restarted) {
        answer_restart(session);
        return NULL;
    }
    if (resume->tid && !gdb_task_lives(session, resume->tid))
        return gdb_refuse("no such thread");
    struct target_stop stop;
    do {
        struct error *error = gdb_link_resume(&session->link, session->target, resume, &stop);
        if (error) {
            session->broken = error;
            return gdb_refuse("the replay failed");
        }
    } while (passes(session, &stop));
    session->stop = stop;
    gdb_put_stop(session, &stop);
    return NULL;
}

static uint32_t one_task(struct gdb_thread_id id)
{
    return id.tid == GDB_ALL_THREADS ? 0 : id.tid;
}

/* One action: `c`, `CSS`, `s`, `SSS`, `rSTART,END` or `t`, then perhaps `:THREAD`. */
static void scan_action(struct gdb_scan *action, struct resume *ret)
{
    *ret = (struct resume){.direction = FORWARD, .mode = RESUME_CONTINUE};
    if (gdb_scan_skip(action, "s")) {
        ret->mode = RESUME_STEP;
    } else if (gdb_scan_skip(action, "S")) {
        ret->mode = RESUME_STEP;
        gdb_scan_hex(action);
    } else if (gdb_scan_skip(action, "r")) {
        ret->mode = RESUME_RANGE;
        ret->range_start = taddr_of(gdb_scan_hex(action));
        gdb_scan_expect(action, ',');
        ret->range_end = taddr_of(gdb_scan_hex(action));
    } else if (gdb_scan_skip(action, "C")) {
        gdb_scan_hex(action);
    } else {
        gdb_scan_expect(action, 'c');
    }
    if (gdb_scan_skip(action, ":"))
        ret->tid = one_task(gdb_scan_thread(action));
    if (!gdb_scan_done(action))
        action->failed = true;
    if (ret->mode == RESUME_CONTINUE)
        ret->tid = 0;
}

/* `vCont;ACTION;ACTION…`: the first that steps decides; else all continue. */
struct error *gdb_on_resume_actions(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct resume chosen = {.direction = FORWARD, .mode = RESUME_CONTINUE};
    if (gdb_scan_done(arguments))
        return gdb_refuse("malformed");
    while (!gdb_scan_done(arguments)) {
        struct gdb_scan action = gdb_scan_until(arguments, ';');
        struct resume resume;
        scan_action(&action, &resume);
        if (action.failed)
            return gdb_refuse("malformed");
        if (chosen.mode == RESUME_CONTINUE)
            chosen = resume;
    }
    return run(session, &chosen);
}

struct error *gdb_on_resume_query(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_put_text(&session->reply, "vCont;c;C;s;S;r");
    return NULL;
}

static struct error *run_simply(struct gdb_session *session, enum direction direction,
                                enum resume_mode mode)
{
    uint32_t tid = mode == RESUME_STEP ? session->resume_tid : 0;
    struct resume resume = {.direction = direction, .mode = mode, .tid = tid};
    return run(session, &resume);
}

/* An address to go on from, which the older packets may carry, would change the past. */
struct error *gdb_on_continue(struct gdb_session *session, struct gdb_scan *arguments)
{
    if (!gdb_scan_done(arguments))
        return gdb_refuse("cannot jump in a recording");
    return run_simply(session, FORWARD, RESUME_CONTINUE);
}

struct error *gdb_on_step(struct gdb_session *session, struct gdb_scan *arguments)
{
    if (!gdb_scan_done(arguments))
        return gdb_refuse("cannot jump in a recording");
    return run_simply(session, FORWARD, RESUME_STEP);
}

struct error *gdb_on_continue_signal(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_scan_hex(arguments);
    return arguments->failed ? gdb_refuse("malformed") : gdb_on_continue(session, arguments);
}

struct error *gdb_on_step_signal(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_scan_hex(arguments);
    return arguments->failed ? gdb_refuse("malformed") : gdb_on_step(session, arguments);
}

struct error *gdb_on_reverse_step(struct gdb_session *session, struct gdb_scan *arguments)
{
    return run_simply(session, BACKWARD, RESUME_STEP);
}

struct error *gdb_on_reverse_continue(struct gdb_session *session, struct gdb_scan *arguments)
{
    return run_simply(session, BACKWARD, RESUME_CONTINUE);
}

/* `QPassSignals:SIGNAL;SIGNAL…`: replaces the list. */
struct error *gdb_on_pass_signals(struct gdb_session *session, struct gdb_scan *arguments)
{
    memset(session->pass, 0, sizeof(session->pass));
    while (!gdb_scan_done(arguments)) {
        struct gdb_scan field = gdb_scan_until(arguments, ';');
        uint64_t signal = gdb_scan_hex(&field);
        if (field.failed)
            return gdb_refuse("malformed");
        if (signal < GDB_SIGNALS)
            session->pass[signal] = true;
    }
    gdb_put_text(&session->reply, "OK");
    return NULL;
}
