/*
 * The table of packets, and those that are answered in a line.
 *
 * A packet that is not in the table gets the empty reply, by which clients learn what they cannot
 * ask. So what is deliberately unsupported is simply absent: `X` (gdb falls back to M), `x`,
 * qThreadExtraInfo, the tracepoint, branch-trace and non-stop packets, lldb's and Delve's probes.
 */
#include <string.h>

#include "replay/gdb/gdb_session.h"

static struct error *on_supported(struct gdb_session *session, struct gdb_scan *arguments)
{
    session->multiprocess = session->swbreak = session->hwbreak = false;
    gdb_scan_skip(arguments, ":");
    while (!gdb_scan_done(arguments)) {
        struct gdb_scan feature = gdb_scan_until(arguments, ';');
        if (gdb_scan_skip(&feature, "multiprocess+"))
            session->multiprocess = true;
        else if (gdb_scan_skip(&feature, "swbreak+"))
            session->swbreak = true;
        else if (gdb_scan_skip(&feature, "hwbreak+"))
            session->hwbreak = true;
    }
    gdb_put_text(&session->reply,
                 "PacketSize=%x;multiprocess+%s%s;ReverseStep+;ReverseContinue+;QStartNoAckMode+;"
                 "QPassSignals+;QProgramSignals+;vContSupported+;qXfer:features:read+;"
                 "qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:siginfo:read+;qXfer:threads:read+",
                 GDB_PACKET_BYTES, session->swbreak ? ";swbreak+" : "",
                 session->hwbreak ? ";hwbreak+" : "");
    return NULL;
}

/* Acknowledgements end with this reply, which is the last one to be acknowledged. */
static struct error *on_no_ack_mode(struct gdb_session *session, struct gdb_scan *arguments)
{
    session->link.acks = false;
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

static struct error *on_agreed(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

static struct error *on_change(struct gdb_session *session, struct gdb_scan *arguments)
{
    return gdb_refuse("a recording cannot be changed");
}

static struct error *on_unsupported(struct gdb_session *session, struct gdb_scan *arguments)
{
    return gdb_refuse("not with a recording");
}

/* As if attached: a client that leaves detaches, and ends nothing. */
static struct error *on_attached(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_put_text(&session->reply, "1");
    return NULL;
}

static struct error *on_detach(struct gdb_session *session, struct gdb_scan *arguments)
{
    session->over = true;
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

static struct error *on_kill(struct gdb_session *session, struct gdb_scan *arguments)
{
    session->over = session->silent = true;
    return NULL;
}

/* In the order of trial: where one name begins like another, the longer one first. `whole`: the
 * packet is just this. */
static const struct packet {
    const char *prefix;
    bool whole;
    gdb_handler *handle;
} packets[] = {
    {"g", true, gdb_on_read_registers},
    {"p", false, gdb_on_read_register},
    {"m", false, gdb_on_read_memory},
    {"G", false, on_change},
    {"P", false, gdb_on_write_register},
    {"M", false, on_change},
    {"Z", false, gdb_on_insert_point},
    {"z", false, gdb_on_remove_point},

    {"vCont?", true, gdb_on_resume_query},
    {"vCont;", false, gdb_on_resume_actions},
    {"vCtrlC", true, on_agreed},
    {"bc", true, gdb_on_reverse_continue},
    {"bs", true, gdb_on_reverse_step},
    {"c", false, gdb_on_continue},
    {"s", false, gdb_on_step},
    {"C", false, gdb_on_continue_signal},
    {"S", false, gdb_on_step_signal},
    {"?", true, gdb_on_why_stopped},

    {"H", false, gdb_on_set_thread},
    {"T", false, gdb_on_thread_alive},
    {"qC", true, gdb_on_current_thread},
    {"qfThreadInfo", true, gdb_on_first_threads},
    {"qsThreadInfo", true, gdb_on_next_threads},

    {"qXfer:", false, gdb_on_transfer},
    {"vFile:", false, gdb_on_file},
    {"qRcmd,", false, gdb_on_monitor},
    {"qRRCmd:", false, gdb_on_rr_command},

    {"qSupported", false, on_supported},
    {"QStartNoAckMode", true, on_no_ack_mode},
    {"QNonStop:0", true, on_agreed},
    {"QNonStop:", false, on_unsupported},
    {"QPassSignals:", false, gdb_on_pass_signals},
    {"QProgramSignals:", false, on_agreed},
    {"qAttached", false, on_attached},
    {"qSymbol:", false, on_agreed},
    {"!", true, on_agreed},

    {"vRun;", false, gdb_on_run},
    {"R", false, gdb_on_restart},
    {"vAttach;", false, on_unsupported},
    {"vKill;", false, on_agreed}, /* gdb kills before each `run` */
    {"D", false, on_detach},
    {"k", true, on_kill},
};

/* Delve asks for thread suffixes before anything else, lldb after qSupported, gdb never. */
static void recognize_client(struct gdb_session *session, const struct gdb_scan *payload)
{
    struct gdb_scan scan = *payload;
    if (session->client != GDB_CLIENT_UNKNOWN)
        return;
    if (gdb_scan_skip(&scan, "QThreadSuffixSupported"))
        session->client = GDB_CLIENT_DELVE;
    else if (gdb_scan_skip(&scan, "qSupported"))
        session->client = GDB_CLIENT_GDB;
}

static const struct packet *find_packet(struct gdb_scan *payload)
{
    for (size_t i = 0; i < ARRAY_LENGTH(packets); i++) {
        struct gdb_scan scan = *payload;
        if (gdb_scan_skip(&scan, packets[i].prefix) &&
            (!packets[i].whole || gdb_scan_done(&scan))) {
            *payload = scan;
            return &packets[i];
        }
    }
    return NULL;
}

void gdb_dispatch(struct gdb_session *session, const struct buffer *payload)
{
    struct gdb_scan scan = gdb_scan_of(payload->data, payload->size);
    buffer_clear(&session->reply);
    session->silent = false;
    recognize_client(session, &scan);
    const struct packet *packet = find_packet(&scan);
    if (!packet)
        return;
    struct error *error = packet->handle(session, &scan);
    if (!error && session->reply.failed)
        error = &err_no_memory;
    if (error) {
        buffer_clear(&session->reply);
        gdb_put_text(&session->reply, "E01");
    }
    error_free(error);
}
