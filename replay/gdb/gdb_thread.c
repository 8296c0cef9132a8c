/* Threads: their names in the protocol, which one a request is about, and which there are. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

size_t gdb_tasks(const struct gdb_session *session, uint32_t **ret)
{
    size_t count = target_tasks(session->target, NULL, 0);
    uint32_t *tids = calloc(count + 1, sizeof(*tids));
    *ret = tids;
    if (!tids)
        return 0;
    target_tasks(session->target, tids, count);
    if (count == 0) { /* at the end of the recording a client still needs somebody to look at */
        tids[0] = target_current_task(session->target);
        count = 1;
    }
    return count;
}

bool gdb_task_lives(const struct gdb_session *session, uint32_t tid)
{
    CLEANUP(free) uint32_t *tids = NULL;
    size_t count = gdb_tasks(session, &tids);
    for (size_t i = 0; i < count; i++) {
        if (tids[i] == tid)
            return true;
    }
    return false;
}

uint32_t gdb_general_task(const struct gdb_session *session)
{
    return session->general_tid ? session->general_tid : target_current_task(session->target);
}

/* A thread has one name: the same string in lists, stop replies and answers, as Delve requires. */
void gdb_put_thread(struct buffer *out, const struct gdb_session *session, uint32_t tid)
{
    if (session->multiprocess)
        gdb_put_text(out, "p%x.%x", target_pid(session->target), tid);
    else
        gdb_put_text(out, "%x", tid);
}

/* Hg and Hc. Any thread and all threads mean the current one: only one runs at a time. */
struct error *gdb_on_set_thread(struct gdb_session *session, struct gdb_scan *arguments)
{
    bool resume = gdb_scan_skip(arguments, "c");
    if (!resume && !gdb_scan_skip(arguments, "g"))
        return gdb_refuse("no such operation");
    struct gdb_thread_id id = gdb_scan_thread(arguments);
    if (id.tid == GDB_ALL_THREADS)
        id.tid = 0;
    if (arguments->failed || (id.tid && !gdb_task_lives(session, id.tid)))
        return gdb_refuse("no such thread");
    *(resume ? &session->resume_tid : &session->general_tid) = id.tid;
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

struct error *gdb_on_current_thread(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_put_text(&session->reply, "QC");
    gdb_put_thread(&session->reply, session, gdb_general_task(session));
    return NULL;
}

struct error *gdb_on_thread_alive(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct gdb_thread_id id = gdb_scan_thread(arguments);
    if (arguments->failed || !gdb_task_lives(session, id.tid))
        return gdb_refuse("no such thread");
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

/* All in one reply: a packet has room for thousands. */
struct error *gdb_on_first_threads(struct gdb_session *session, struct gdb_scan *arguments)
{
    CLEANUP(free) uint32_t *tids = NULL;
    size_t count = gdb_tasks(session, &tids);
    for (size_t i = 0; i < count && session->reply.size < GDB_PACKET_BYTES - 64; i++) {
        gdb_put_text(&session->reply, i == 0 ? "m" : ",");
        gdb_put_thread(&session->reply, session, tids[i]);
    }
    return NULL;
}

struct error *gdb_on_next_threads(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_put_text(&session->reply, "l");
    return NULL;
}
