/*
 * qXfer: objects read in pieces, `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH`.
 *
 * The whole object is made for each piece and the piece cut out of it: they are small, and nothing
 * needs to be kept in step.
 */
#include <string.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

static struct error *features_object(struct gdb_session *session, const char *annex,
                                     struct buffer *ret)
{
    if (strcmp(annex, "target.xml") == 0)
        gdb_put_target_xml(ret, session);
    else if (!gdb_put_feature_xml(ret, session, annex))
        return gdb_refuse("no such document");
    return NULL;
}

static struct error *auxv_object(struct gdb_session *session, const char *annex, struct buffer *ret)
{
    return target_auxv(session->target, ret);
}

static struct error *exec_file_object(struct gdb_session *session, const char *annex,
                                      struct buffer *ret)
{
    const char *path = target_stream(session->target)->origin.executable;
    if (!path || !*path)
        return gdb_refuse("no executable recorded");
    buffer_put(ret, path, strlen(path));
    return NULL;
}

static struct error *siginfo_object(struct gdb_session *session, const char *annex,
                                    struct buffer *ret)
{
    const uint8_t *siginfo = target_siginfo(session->target);
    if (!siginfo)
        return gdb_refuse("not stopped by a signal");
    buffer_put(ret, siginfo, SIGINFO_BYTES);
    return NULL;
}

static struct error *threads_object(struct gdb_session *session, const char *annex,
                                    struct buffer *ret)
{
    CLEANUP(free) uint32_t *tids = NULL;
    size_t count = gdb_tasks(session, &tids);
    gdb_put_text(ret, "<?xml version=\"1.0\"?>\n<threads>\n");
    for (size_t i = 0; i < count; i++) {
        gdb_put_text(ret, "<thread id=\"");
        gdb_put_thread(ret, session, tids[i]);
        gdb_put_text(ret, "\"/>\n");
    }
    gdb_put_text(ret, "</threads>\n");
    return NULL;
}

static const struct object {
    const char *name; /* with the operation */
    struct error *(*make)(struct gdb_session *session, const char *annex, struct buffer *ret);
} objects[] = {
    {"features:read:", features_object},   {"auxv:read:", auxv_object},
    {"exec-file:read:", exec_file_object}, {"siginfo:read:", siginfo_object},
    {"threads:read:", threads_object},
};

/* `m` and a piece, or `l` and the last one. Half a packet at most: each byte may need an escape. */
static void put_piece(struct buffer *out, const struct buffer *whole, uint64_t offset,
                      uint64_t length)
{
    uint64_t left = offset < whole->size ? whole->size - offset : 0;
    uint64_t size = length < left ? length : left;
    if (size > GDB_PACKET_BYTES / 2 - 8)
        size = GDB_PACKET_BYTES / 2 - 8;
    buffer_put_u8(out, size < left ? 'm' : 'l');
    if (size)
        gdb_put_escaped(out, whole->data + offset, size);
}

static struct error *transfer(struct gdb_session *session, const struct object *object,
                              struct gdb_scan *arguments)
{
    char annex[64];
    struct gdb_scan name = gdb_scan_until(arguments, ':');
    uint64_t offset = gdb_scan_hex(arguments);
    gdb_scan_expect(arguments, ',');
    uint64_t length = gdb_scan_hex(arguments);
    size_t size = (size_t)(name.end - name.at);
    if (arguments->failed || size >= sizeof(annex))
        return gdb_refuse("malformed");
    memcpy(annex, name.at, size);
    annex[size] = 0;
    struct buffer whole = {0};
    struct error *error = object->make(session, annex, &whole);
    if (!error && whole.failed)
        error = &err_no_memory;
    if (!error)
        put_piece(&session->reply, &whole, offset, length);
    buffer_deinit(&whole);
    return error;
}

/* Objects that are not here get the empty reply. Writing to one that is (Delve begins a call of a
 * function by writing siginfo) is refused: the recording decides. */
struct error *gdb_on_transfer(struct gdb_session *session, struct gdb_scan *arguments)
{
    for (size_t i = 0; i < ARRAY_LENGTH(objects); i++) {
        if (gdb_scan_skip(arguments, objects[i].name))
            return transfer(session, &objects[i], arguments);
    }
    if (gdb_scan_skip(arguments, "siginfo:write:"))
        return gdb_refuse("a recording cannot be changed");
    return NULL;
}
