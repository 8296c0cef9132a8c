/*
 * Places by name, and going there.
 *
 * A place is `EVENT` or `EVENT+COUNT`, `cN` for a checkpoint, `start` or `end`. A restart (vRun,
 * which is what gdb sends for `run PLACE`, and R) makes a client forget all it knew, which is why
 * it is the way to jump.
 */
#include <string.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

struct error *gdb_refuse(const char *why)
{
    return error_new(NULL, "%s", why);
}

static struct error *checkpoint_position(struct gdb_session *session, uint64_t number,
                                         struct position *ret)
{
    for (size_t i = 0; i < session->checkpoint_count; i++) {
        if (session->checkpoints[i].number == number) {
            *ret = session->checkpoints[i].position;
            return NULL;
        }
    }
    return gdb_refuse("no such checkpoint");
}

struct error *gdb_place_of(struct gdb_session *session, const char *text, struct position *ret)
{
    struct gdb_scan scan = gdb_scan_of(text, strlen(text));
    uint64_t events = target_events(session->target);
    *ret = (struct position){0};
    if (strcmp(text, "") == 0 || strcmp(text, "start") == 0)
        return NULL;
    if (strcmp(text, "end") == 0) {
        ret->event = events ? events - 1 : 0;
        return NULL;
    }
    if (gdb_scan_skip(&scan, "c")) {
        uint64_t number = gdb_scan_decimal(&scan);
        if (!scan.failed && gdb_scan_done(&scan))
            return checkpoint_position(session, number, ret);
        return gdb_refuse("no such checkpoint");
    }
    ret->event = gdb_scan_decimal(&scan);
    if (gdb_scan_skip(&scan, "+"))
        ret->count = gdb_scan_decimal(&scan);
    if (scan.failed || !gdb_scan_done(&scan))
        return error_new(NULL, "no position: '%s' (EVENT, EVENT+COUNT, cN, start or end)", text);
    if (ret->event >= events)
        return error_new(NULL, "the recording has only %llu events", (unsigned long long)events);
    return NULL;
}

struct error *gdb_go_to(struct gdb_session *session, const char *place)
{
    struct position position;
    struct error *error = gdb_place_of(session, place, &position);
    if (!error)
        error = target_seek(session->target, position);
    if (error)
        return error;
    session->general_tid = session->resume_tid = 0;
    session->restarted = false;
    session->stop =
        (struct target_stop){.reason = STOPPED_STEP, .tid = target_current_task(session->target)};
    return NULL;
}

static struct error *restart_at(struct gdb_session *session, const char *place)
{
    struct error *error = gdb_go_to(session, place);
    if (error)
        return error;
    gdb_points_clear(session);
    session->restarted = true;
    return NULL;
}

/* `vRun;FILE[;ARGUMENT]…`, in hex. There is one program; the first argument is the place. */
struct error *gdb_on_run(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct buffer place = {0};
    gdb_scan_until(arguments, ';');
    struct gdb_scan field = gdb_scan_until(arguments, ';');
    gdb_scan_hex_bytes(&field, &place);
    struct error *error =
        field.failed ? gdb_refuse("malformed") : restart_at(session, (const char *)place.data);
    buffer_deinit(&place);
    if (!error)
        gdb_put_stop(session, &session->stop);
    return error;
}

/* `R`: no reply, whatever comes of it; gdb asks `?` next. */
struct error *gdb_on_restart(struct gdb_session *session, struct gdb_scan *arguments)
{
    session->silent = true;
    error_free(restart_at(session, "start"));
    session->restarted = false;
    return NULL;
}
