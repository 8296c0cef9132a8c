/*
 * Z and z: break- and watchpoints.
 *
 * Any number and width is accepted: a refused watchpoint makes gdb single-step. The list here only
 * remembers what the client called them, and that two names for one condition (Z0 and Z1 at one
 * address) are one to the target.
 */
#include <stdlib.h>
#include <string.h>

#include "replay/gdb/gdb_session.h"

static const enum watch_kind kind_of_type[] = {WATCH_EXECUTE, WATCH_EXECUTE, WATCH_WRITE,
                                               WATCH_READ, WATCH_ACCESS};

static bool same_point(const struct gdb_point *one, const struct gdb_point *other)
{
    return one->type == other->type && one->address.value == other->address.value &&
           (one->type < 2 || one->length == other->length);
}

static bool same_condition(const struct gdb_point *one, const struct gdb_point *other)
{
    return kind_of_type[one->type] == kind_of_type[other->type] &&
           one->address.value == other->address.value &&
           (one->type < 2 || one->length == other->length);
}

static struct gdb_point *find_point(struct gdb_session *session, const struct gdb_point *point,
                                    bool same(const struct gdb_point *, const struct gdb_point *))
{
    for (size_t i = 0; i < session->point_count; i++) {
        if (same(&session->points[i], point))
            return &session->points[i];
    }
    return NULL;
}

void gdb_points_clear(struct gdb_session *session)
{
    target_remove_all(session->target);
    free(session->points);
    session->points = NULL;
    session->point_count = 0;
}

bool gdb_point_is_hardware(const struct gdb_session *session, taddr address)
{
    bool hardware = false;
    for (size_t i = 0; i < session->point_count; i++) {
        if (session->points[i].type < 2 && session->points[i].address.value == address.value) {
            if (session->points[i].type == 0)
                return false;
            hardware = true;
        }
    }
    return hardware;
}

/* `TYPE,ADDRESS,KIND`. Delve writes the width of a watchpoint in decimal; up to 9 it is the same.
 */
static struct error *scan_point(const struct gdb_session *session, struct gdb_scan *arguments,
                                struct gdb_point *ret)
{
    uint64_t type = gdb_scan_hex(arguments);
    gdb_scan_expect(arguments, ',');
    ret->address = taddr_of(gdb_scan_hex(arguments));
    gdb_scan_expect(arguments, ',');
    ret->length =
        session->client == GDB_CLIENT_DELVE ? gdb_scan_decimal(arguments) : gdb_scan_hex(arguments);
    if (arguments->failed || type >= ARRAY_LENGTH(kind_of_type))
        return gdb_refuse("no such kind of breakpoint");
    ret->type = (unsigned)type;
    if (type >= 2 && (ret->length == 0 || ret->length > UINT64_MAX - ret->address.value))
        return gdb_refuse("no such range");
    return NULL;
}

struct error *gdb_on_insert_point(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct gdb_point point;
    struct error *error = scan_point(session, arguments, &point);
    if (error)
        return error;
    if (!find_point(session, &point, same_point)) {
        size_t size = (session->point_count + 1) * sizeof(point);
        struct gdb_point *points = realloc(session->points, size);
        if (!points)
            return &err_no_memory;
        session->points = points;
        error =
            target_insert(session->target, kind_of_type[point.type], point.address, point.length);
        if (error)
            return error;
        points[session->point_count++] = point;
    }
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

struct error *gdb_on_remove_point(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct gdb_point point;
    struct error *error = scan_point(session, arguments, &point);
    if (error)
        return error;
    struct gdb_point *found = find_point(session, &point, same_point);
    if (found) {
        *found = session->points[--session->point_count];
        if (!find_point(session, &point, same_condition))
            target_remove(session->target, kind_of_type[point.type], point.address, point.length);
    }
    gdb_put_text(&session->reply, "OK");
    return NULL;
}
