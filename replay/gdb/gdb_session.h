/*
 * One client's session: what the files of this box share.
 *
 * A packet is handled by one function (gdb_query.c has the table). It reads its arguments from a
 * bounded scan and appends the payload of the reply to `reply`; an empty reply is the protocol's
 * "not supported". A handler that returns an error makes the reply `E01`: digits in lower case, and
 * no text, because a client may take any reply that starts with E for one.
 */
#ifndef REEL_REPLAY_GDB_SESSION_H
#define REEL_REPLAY_GDB_SESSION_H

#include "replay/debug/target.h"
#include "replay/gdb/gdb_link.h"
#include "replay/gdb/gdb_server.h"

/* Clients that want different answers, told apart by what they send first. */
enum gdb_client { GDB_CLIENT_UNKNOWN, GDB_CLIENT_GDB, GDB_CLIENT_DELVE };

#define GDB_SIGNALS 144 /* gdb's own numbers are below this */
#define GDB_OPEN_FILES 16

/* A Z packet in force. gdb wants to know whether a `software` or a `hardware` one was hit. */
struct gdb_point {
    unsigned type; /* the digit behind Z */
    taddr address;
    uint64_t length;
};

struct gdb_checkpoint {
    unsigned number;
    struct position position;
    char *where; /* as the client named it */
};

struct gdb_session {
    struct gdb_link link;
    struct target *target;
    const struct cpu_features *features; /* or NULL */
    struct buffer reply;
    bool silent;          /* this packet has no reply */
    bool over;            /* the client detached or killed */
    struct error *broken; /* the target failed: the session ends with this */

    enum gdb_client client;
    bool multiprocess, swbreak, hwbreak; /* negotiated by qSupported */

    uint32_t general_tid, resume_tid; /* Hg, Hc; 0: the current task */
    struct target_stop stop;          /* the last one */
    bool restarted;         /* by vRun: the next resume answers at once and moves nothing */
    bool pass[GDB_SIGNALS]; /* signals that the client does not want to hear of */

    struct gdb_point *points;
    size_t point_count;
    int files[GDB_OPEN_FILES]; /* of vFile, -1: free */
    struct gdb_checkpoint *checkpoints;
    size_t checkpoint_count;
    unsigned last_checkpoint;
};

typedef struct error *gdb_handler(struct gdb_session *session, struct gdb_scan *arguments);

/* gdb_query.c: handles one payload; the reply is in session->reply. */
void gdb_dispatch(struct gdb_session *session, const struct buffer *payload);

/* A request that makes no sense or asks for the impossible. */
struct error *gdb_refuse(const char *why) MUST_CHECK;

/* gdb_thread.c */
size_t gdb_tasks(const struct gdb_session *session, uint32_t **ret); /* at least one; free() it */
bool gdb_task_lives(const struct gdb_session *session, uint32_t tid);
uint32_t gdb_general_task(const struct gdb_session *session);
void gdb_put_thread(struct buffer *out, const struct gdb_session *session, uint32_t tid);
gdb_handler gdb_on_set_thread, gdb_on_current_thread, gdb_on_thread_alive, gdb_on_first_threads,
    gdb_on_next_threads;

/* gdb_registers.c */
void gdb_put_expedited(struct gdb_session *session, uint32_t tid);
void gdb_put_target_xml(struct buffer *out, const struct gdb_session *session);
bool gdb_put_feature_xml(struct buffer *out, const struct gdb_session *session, const char *name);
gdb_handler gdb_on_read_registers, gdb_on_read_register, gdb_on_write_register;

/* gdb_transfer.c */
gdb_handler gdb_on_transfer;

/* gdb_memory.c */
gdb_handler gdb_on_read_memory;

/* gdb_file.c */
void gdb_files_init(struct gdb_session *session);
void gdb_files_deinit(struct gdb_session *session);
gdb_handler gdb_on_file;

/* gdb_breakpoint.c */
void gdb_points_clear(struct gdb_session *session);
bool gdb_point_is_hardware(const struct gdb_session *session, taddr address);
gdb_handler gdb_on_insert_point, gdb_on_remove_point;

/* gdb_stop.c */
int gdb_signal_of_linux(int signal);
void gdb_put_stop(struct gdb_session *session, const struct target_stop *stop);
gdb_handler gdb_on_why_stopped;

/* gdb_resume.c */
gdb_handler gdb_on_resume_actions, gdb_on_resume_query, gdb_on_continue, gdb_on_step,
    gdb_on_continue_signal, gdb_on_step_signal, gdb_on_reverse_step, gdb_on_reverse_continue,
    gdb_on_pass_signals;

/* gdb_restart.c: places by name, restarting there, checkpoints */
struct error *gdb_go_to(struct gdb_session *session, const char *place) MUST_CHECK;
struct error *gdb_place_of(struct gdb_session *session, const char *text,
                           struct position *ret) MUST_CHECK;
gdb_handler gdb_on_run, gdb_on_restart;

/* gdb_monitor.c */
void gdb_checkpoints_deinit(struct gdb_session *session);
gdb_handler gdb_on_monitor, gdb_on_rr_command;

#endif
