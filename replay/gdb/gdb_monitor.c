/*
 * Commands in words: gdb's `monitor TEXT` (qRcmd) and Delve's qRRCmd. One table serves both.
 *
 * Delve reads the answers of when, checkpoint, info checkpoints and delete checkpoint: their form
 * is part of the protocol.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

typedef struct error *monitor_handler(struct gdb_session *session, const char *argument,
                                      struct buffer *out);

static void put_position(struct buffer *out, struct position position)
{
    gdb_put_text(out, "%llu+%llu", (unsigned long long)position.event,
                 (unsigned long long)position.count);
}

static struct error *on_when(struct gdb_session *session, const char *argument, struct buffer *out)
{
    struct position position;
    struct error *error = target_position(session->target, &position);
    if (error)
        return error;
    put_position(out, position);
    gdb_put_text(out, "\n");
    return NULL;
}

static struct error *on_goto(struct gdb_session *session, const char *argument, struct buffer *out)
{
    if (!*argument)
        return gdb_refuse("goto where? (EVENT, EVENT+COUNT, cN, start or end)");
    struct error *error = gdb_go_to(session, argument);
    return error ? error : on_when(session, "", out);
}

static struct error *on_events(struct gdb_session *session, const char *argument,
                               struct buffer *out)
{
    gdb_put_text(out, "%llu\n", (unsigned long long)target_events(session->target));
    return NULL;
}

static struct error *on_checkpoint(struct gdb_session *session, const char *argument,
                                   struct buffer *out)
{
    struct gdb_checkpoint new = {.number = session->last_checkpoint + 1};
    struct error *error = target_position(session->target, &new.position);
    if (error)
        return error;
    size_t size = (session->checkpoint_count + 1) * sizeof(new);
    struct gdb_checkpoint *grown = realloc(session->checkpoints, size);
    if (!grown)
        return &err_no_memory;
    session->checkpoints = grown;
    struct buffer where = {0};
    if (*argument)
        gdb_put_text(&where, "%s", argument);
    else
        put_position(&where, new.position);
    buffer_put_u8(&where, 0);
    if (where.failed) {
        buffer_deinit(&where);
        return &err_no_memory;
    }
    new.where = (char *)where.data;
    grown[session->checkpoint_count++] = new;
    session->last_checkpoint = new.number;
    gdb_put_text(out, "Checkpoint %u at %s\n", new.number, new.where);
    return NULL;
}

static struct error *on_info_checkpoints(struct gdb_session *session, const char *argument,
                                         struct buffer *out)
{
    gdb_put_text(out, session->checkpoint_count ? "ID\tWhen\tWhere\n" : "No checkpoints.\n");
    for (size_t i = 0; i < session->checkpoint_count; i++) {
        const struct gdb_checkpoint *checkpoint = &session->checkpoints[i];
        gdb_put_text(out, "%u\t", checkpoint->number);
        put_position(out, checkpoint->position);
        gdb_put_text(out, "\t%s\n", checkpoint->where);
    }
    return NULL;
}

static struct error *on_delete_checkpoint(struct gdb_session *session, const char *argument,
                                          struct buffer *out)
{
    struct gdb_scan scan = gdb_scan_of(argument, strlen(argument));
    uint64_t number = gdb_scan_decimal(&scan);
    for (size_t i = 0; !scan.failed && i < session->checkpoint_count; i++) {
        struct gdb_checkpoint *checkpoint = &session->checkpoints[i];
        if (checkpoint->number != number)
            continue;
        free(checkpoint->where);
        memmove(checkpoint, checkpoint + 1,
                (--session->checkpoint_count - i) * sizeof(*checkpoint));
        gdb_put_text(out, "Deleted checkpoint %u.\n", (unsigned)number);
        return NULL;
    }
    return error_new(NULL, "no checkpoint number '%s'", argument);
}

void gdb_checkpoints_deinit(struct gdb_session *session)
{
    for (size_t i = 0; i < session->checkpoint_count; i++)
        free(session->checkpoints[i].where);
    free(session->checkpoints);
}

static monitor_handler on_help;

static const struct monitor_command {
    const char *name;
    const char *help;
    monitor_handler *run;
} commands[] = {
    {"help", "this list", on_help},
    {"when", "the position: EVENT+COUNT, so many instructions after an event", on_when},
    {"goto", "goto PLACE: EVENT, EVENT+COUNT, cN (a checkpoint), start or end", on_goto},
    {"events", "how many events the recording has", on_events},
    {"checkpoint", "checkpoint [NAME]: remember this position; `run cN` goes back to it",
     on_checkpoint},
    {"info checkpoints", "list the checkpoints", on_info_checkpoints},
    {"delete checkpoint", "delete checkpoint N", on_delete_checkpoint},
};

static struct error *on_help(struct gdb_session *session, const char *argument, struct buffer *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        gdb_put_text(out, "%-18s %s\n", commands[i].name, commands[i].help);
    return NULL;
}

/* The argument that `text` gives to the command, or NULL when it is another command. */
static const char *argument_of(const char *text, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(text, name, length) != 0 || (text[length] && text[length] != ' '))
        return NULL;
    return text + length + strspn(text + length, " ");
}

static struct error *run_command(struct gdb_session *session, const char *text, struct buffer *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        const char *argument = argument_of(text, commands[i].name);
        if (argument)
            return commands[i].run(session, argument, out);
    }
    return error_new(NULL, "no such command: '%s'; `monitor help` lists them", text);
}

/* What people read is text, errors too: the reply is always the output, in hex. */
static void reply_to_command(struct gdb_session *session, const struct buffer *line)
{
    struct buffer out = {0};
    struct error *error = line->data && !line->failed
                              ? run_command(session, (const char *)line->data, &out)
                              : &err_no_memory;
    if (error)
        gdb_put_text(&out, "%s\n", error_message(error));
    error_free(error);
    gdb_put_hex(&session->reply, out.data, out.size);
    buffer_deinit(&out);
}

struct error *gdb_on_monitor(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct buffer line = {0};
    gdb_scan_hex_bytes(arguments, &line);
    if (!arguments->failed)
        reply_to_command(session, &line);
    buffer_deinit(&line);
    return arguments->failed ? gdb_refuse("malformed") : NULL;
}

/* The command's name: in hex before rr 5.8, then as it is with a thread number behind it. No name
 * of ours is all hex digits. */
static void scan_rr_name(struct gdb_scan *arguments, struct buffer *line)
{
    struct gdb_scan name = gdb_scan_until(arguments, ':');
    struct gdb_scan hex = name;
    gdb_scan_hex_bytes(&hex, line);
    if (!hex.failed)
        return;
    buffer_clear(line);
    buffer_put(line, name.at, (size_t)(name.end - name.at));
    gdb_scan_until(arguments, ':');
}

/* `qRRCmd:HEXNAME[:HEXARGUMENT]…` or `qRRCmd:NAME:THREAD[:HEXARGUMENT]…` */
struct error *gdb_on_rr_command(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct buffer line = {0};
    bool malformed = false;
    scan_rr_name(arguments, &line);
    while (!gdb_scan_done(arguments)) {
        struct gdb_scan field = gdb_scan_until(arguments, ':');
        buffer_put_u8(&line, ' ');
        gdb_scan_hex_bytes(&field, &line);
        malformed = malformed || field.failed;
    }
    buffer_put_u8(&line, 0);
    if (!malformed)
        reply_to_command(session, &line);
    buffer_deinit(&line);
    return malformed ? gdb_refuse("malformed") : NULL;
}
