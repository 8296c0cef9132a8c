/*
 * What a debugger sees of a recording: one stream, standing at one position, that runs forwards and
 * backwards.
 *
 * This is the one interface that the front ends (gdb server, command line) use. Memory and
 * registers are those of the current position and can be read, not written: the recording decides.
 * Breakpoints and watchpoints are conditions of target_resume(), never visible in memory. The same
 * call from the same position gives the same answer each time.
 */
#ifndef REEL_REPLAY_DEBUG_TARGET_H
#define REEL_REPLAY_DEBUG_TARGET_H

#include "engine/base/bytes.h"
#include "engine/count/condition.h"
#include "replay/position.h"
#include "trace-format/event.h"
#include "trace-format/reader.h"

struct target;

/* Opens stream `stream` of the trace and stands at its start, position 0+0. The reader must outlive
 * the target. */
struct error *target_open(struct trace_reader *reader, uint32_t stream,
                          struct target **ret) MUST_CHECK;
void target_close(struct target *target);

const struct stream_info *target_stream(const struct target *target);

/* --- Breakpoints and watchpoints ------------------------------------------------------------- */

enum watch_kind {
    WATCH_EXECUTE, /* breakpoint: before the instruction at `address`; length is ignored */
    WATCH_WRITE,   /* after an instruction or an event that changed the bytes */
    WATCH_READ,
    WATCH_ACCESS,
};

/* Any number, any length (of at least 1). Inserting what is there, and removing what is not, do
 * nothing. */
struct error *target_insert(struct target *target, enum watch_kind kind, taddr address,
                            uint64_t length) MUST_CHECK;

/* A breakpoint that is met only where the condition holds, without stops where it does not. Several
 * at one address (up to CONDITIONS_MAX) are met where any of them holds, one of target_insert()
 * always; target_remove() takes them all. */
struct error *target_insert_conditional(struct target *target, taddr address,
                                        const struct condition *condition) MUST_CHECK;

void target_remove(struct target *target, enum watch_kind kind, taddr address, uint64_t length);
void target_remove_all(struct target *target);

/* --- Running --------------------------------------------------------------------------------- */

enum direction { FORWARD, BACKWARD };

enum resume_mode {
    RESUME_STEP,  /* the task `tid` by one instruction (others may run before it, if the recording
                     says so) */
    RESUME_RANGE, /* step `tid` while its program counter is in [range_start, range_end); FORWARD
                     only */
    RESUME_CONTINUE, /* to the next breakpoint, watchpoint, signal or end */
};

struct resume {
    enum direction direction;
    enum resume_mode mode;
    uint32_t tid; /* 0: the current task */
    taddr range_start, range_end;
};

enum stop_reason {
    STOPPED_STEP,
    STOPPED_BREAKPOINT, /* at `address`, before the instruction */
    STOPPED_WATCHPOINT, /* `watch` and `address`: as they were inserted */
    STOPPED_SIGNAL, /* the recording delivers `signal` to the task next, or the task died of it */
    STOPPED_START,  /* of the recording; going back found nothing more */
    STOPPED_END,    /* of the recording */
    STOPPED_INTERRUPT, /* target_interrupt() */
};

struct target_stop {
    enum stop_reason reason;
    uint32_t tid; /* the task that is current now */
    int signal;   /* STOPPED_SIGNAL */
    enum watch_kind watch;
    taddr address; /* STOPPED_BREAKPOINT, STOPPED_WATCHPOINT */
};

/*
 * A breakpoint where the run starts is passed over: a run moves by at least one instruction.
 * BACKWARD with a watchpoint stops before the write, the state in which the old value is there. An
 * error is a divergence or a failure of ours; the target is then good for nothing but closing.
 */
struct error *target_resume(struct target *target, const struct resume *resume,
                            struct target_stop *ret) MUST_CHECK;

/* Ends a target_resume() that is under way, from a signal handler or another thread, soon. */
void target_interrupt(struct target *target);

/* Goes to a position (forwards or backwards, ignoring breakpoints). An error if the recording has
 * no such position. An event that leaves no task alive stands for the end, where a forward run
 * stops. */
struct error *target_seek(struct target *target, struct position position) MUST_CHECK;

/* The current position; may have to count, and so can fail. */
struct error *target_position(struct target *target, struct position *ret) MUST_CHECK;

/* Number of events in the stream. */
uint64_t target_events(const struct target *target);

/* --- State at the current position ----------------------------------------------------------- */

/* Live tasks: fills at most `capacity` tids, in order of creation; returns how many there are. */
size_t target_tasks(const struct target *target, uint32_t *tids, size_t capacity);
uint32_t target_current_task(const struct target *target);

/* The process id of the stream's first task. */
uint32_t target_pid(const struct target *target);

/* General registers of a task. */
struct error *target_registers(struct target *target, uint32_t tid,
                               struct trace_regs *ret) MUST_CHECK;

/* The XSAVE area in the kernel's standard (not compacted) layout; *ret lives until the target
 * moves. */
struct error *target_xsave(struct target *target, uint32_t tid, const uint8_t **ret,
                           size_t *size) MUST_CHECK;

/* Reads what it can from `address` on; returns the number of bytes, 0 if the first is not mapped.
 */
size_t target_read(struct target *target, taddr address, void *bytes, size_t size);

/* The auxiliary vector as the program found it on its stack at exec (appended to `ret`). */
struct error *target_auxv(struct target *target, struct buffer *ret) MUST_CHECK;

/* The contents that the recording mapped from the file at `path`, as a read-only descriptor that
 * the caller closes, or -1 when the recording mapped no such file. */
int target_open_file(const struct target *target, const char *path);

/* The signal information of the stop reason STOPPED_SIGNAL (SIGINFO_BYTES), or NULL. */
const uint8_t *target_siginfo(const struct target *target);

#endif
