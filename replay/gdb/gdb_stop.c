/*
 * Stop replies: why the target stands where it stands.
 *
 * The program of a recording never ends, so there is no exit reply (W, X). The two ends of the
 * recording are told to gdb as `replaylog`, on which it prints "No more reverse-execution history".
 * Delve loops on that at the end, and wants signal 9 there, and signal 0 at the start.
 */
#include <signal.h>

#include "replay/gdb/gdb_session.h"

#define GDB_SIGNAL_INT 2
#define GDB_SIGNAL_TRAP 5
#define GDB_SIGNAL_KILL 9
#define GDB_SIGNAL_UNKNOWN 143

/* gdb numbers signals in its own way (gdb's include/gdb/signals.def). Real-time ones are below. */
static const uint8_t gdb_signals[] = {
    [SIGHUP] = 1,   [SIGINT] = 2,    [SIGQUIT] = 3,  [SIGILL] = 4,   [SIGTRAP] = 5,
    [SIGABRT] = 6,  [SIGFPE] = 8,    [SIGKILL] = 9,  [SIGBUS] = 10,  [SIGSEGV] = 11,
    [SIGSYS] = 12,  [SIGPIPE] = 13,  [SIGALRM] = 14, [SIGTERM] = 15, [SIGURG] = 16,
    [SIGSTOP] = 17, [SIGTSTP] = 18,  [SIGCONT] = 19, [SIGCHLD] = 20, [SIGTTIN] = 21,
    [SIGTTOU] = 22, [SIGIO] = 23,    [SIGXCPU] = 24, [SIGXFSZ] = 25, [SIGVTALRM] = 26,
    [SIGPROF] = 27, [SIGWINCH] = 28, [SIGUSR1] = 30, [SIGUSR2] = 31, [SIGPWR] = 32,
};

int gdb_signal_of_linux(int signal)
{
    if (signal == 32)
        return 77; /* REALTIME_32 came late */
    if (signal >= 33 && signal <= 63)
        return signal - 33 + 45;
    if (signal == 64)
        return 78;
    if (signal <= 0 || signal >= (int)ARRAY_LENGTH(gdb_signals) || !gdb_signals[signal])
        return GDB_SIGNAL_UNKNOWN; /* SIGSTKFLT, and what is no signal */
    return gdb_signals[signal];
}

static int signal_of_stop(const struct gdb_session *session, const struct target_stop *stop)
{
    bool delve = session->client == GDB_CLIENT_DELVE;
    switch (stop->reason) {
    case STOPPED_SIGNAL:
        return gdb_signal_of_linux(stop->signal);
    case STOPPED_INTERRUPT:
        return GDB_SIGNAL_INT;
    case STOPPED_START:
        return delve ? 0 : GDB_SIGNAL_TRAP;
    case STOPPED_END:
        return delve ? GDB_SIGNAL_KILL : GDB_SIGNAL_TRAP;
    case STOPPED_STEP:
    case STOPPED_BREAKPOINT:
    case STOPPED_WATCHPOINT:
        return GDB_SIGNAL_TRAP;
    }
    return GDB_SIGNAL_TRAP;
}

static const char *watch_key(enum watch_kind kind)
{
    switch (kind) {
    case WATCH_READ:
        return "rwatch";
    case WATCH_ACCESS:
        return "awatch";
    case WATCH_WRITE:
    case WATCH_EXECUTE:
        break;
    }
    return "watch";
}

static void put_breakpoint_reason(struct gdb_session *session, taddr address)
{
    bool hardware = gdb_point_is_hardware(session, address);
    if (hardware && session->hwbreak)
        gdb_put_text(&session->reply, "hwbreak:;");
    else if (!hardware && session->swbreak)
        gdb_put_text(&session->reply, "swbreak:;");
}

static void put_reason(struct gdb_session *session, const struct target_stop *stop)
{
    switch (stop->reason) {
    case STOPPED_BREAKPOINT:
        put_breakpoint_reason(session, stop->address);
        break;
    case STOPPED_WATCHPOINT:
        gdb_put_text(&session->reply, "%s:%llx;", watch_key(stop->watch),
                     (unsigned long long)stop->address.value);
        break;
    case STOPPED_START:
        gdb_put_text(&session->reply, "replaylog:begin;");
        break;
    case STOPPED_END:
        if (session->client != GDB_CLIENT_DELVE)
            gdb_put_text(&session->reply, "replaylog:end;");
        break;
    case STOPPED_STEP:
    case STOPPED_SIGNAL:
    case STOPPED_INTERRUPT:
        break;
    }
}

/* From a stop reply on, a client takes the thread named in it for the selected one. */
static void put_stop(struct gdb_session *session, int signal, const struct target_stop *stop)
{
    session->general_tid = stop->tid;
    gdb_put_text(&session->reply, "T%02xthread:", (unsigned)signal);
    gdb_put_thread(&session->reply, session, stop->tid);
    gdb_put_text(&session->reply, ";");
    put_reason(session, stop);
    gdb_put_expedited(session, stop->tid);
}

void gdb_put_stop(struct gdb_session *session, const struct target_stop *stop)
{
    put_stop(session, signal_of_stop(session, stop), stop);
}

/*
 * `?`: the state that a client finds. Where it is at one end of the recording, that is no news: gdb
 * takes `replaylog` only as the answer to a resume.
 */
struct error *gdb_on_why_stopped(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct target_stop plain = {.reason = STOPPED_STEP,
                                .tid = target_current_task(session->target)};
    bool signal = session->stop.reason == STOPPED_SIGNAL;
    gdb_put_stop(session, signal ? &session->stop : &plain);
    return NULL;
}
