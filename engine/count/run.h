/*
 * Running a task: for N instructions, or to a condition.
 *
 * Two ways, one interface. run_native() is the processor's own speed, and knows conditions but no
 * counts. run_counted() counts, and so can stop anywhere. Its implementation is by
 * PTRACE_SINGLESTEP (20 us an instruction), the oracle of the binary translator that is to replace
 * it.
 *
 * Both leave system calls alone, under PTRACE_SYSEMU. What they call an instruction: one with a rep
 * prefix counts once, and no stop splits it. Breakpoints are in memory only while the task runs:
 * nobody ever reads one.
 */
#ifndef REEL_COUNT_RUN_H
#define REEL_COUNT_RUN_H

#include "engine/count/condition.h"
#include "engine/tracee/tracee.h"

enum watch_access { WATCHES_WRITES = 1, WATCHES_READS = 2 };

struct watch {
    taddr address;
    uint64_t length;
    unsigned access; /* enum watch_access, or both */
};

/* Before the instruction at the address, where the condition holds. There may be up to
 * CONDITIONS_MAX at one address: one that holds is enough. */
struct breakpoint {
    taddr address;
    struct condition condition;
};

/* A word of 8 bytes of the task's memory, and the value that it is to have. */
struct run_word {
    taddr address;
    uint64_t value;
};

/*
 * A state, as far as a run looks at it: standing before the instruction at regs.rip, with all the
 * other general registers and the flags of `regs` as well (orig_rax and the segments are not
 * looked at), and with these words in memory. One that cannot be read is not equal.
 */
struct run_point {
    struct user_regs_struct regs;
    const struct run_word *words;
    size_t word_count;
    const uint8_t *vectors; /* NULL, or the x87 and SSE registers: the first RUN_POINT_VECTOR_BYTES
                               of the vector state in its plain form (xsave_plain()) */
};

#define RUN_POINT_VECTOR_BYTES 416

#define RUN_POINT_WORDS_MAX 64

/* Where a run is to stop. The arrays are borrowed. */
struct run_conditions {
    const struct breakpoint *breakpoints;
    size_t breakpoint_count;
    /* run_native only: 0, or after so many visits of breakpoints whose condition does not hold the
     * run ends before the next, at a limit: each costs stops that a counted run does without. */
    uint64_t misses_max;
    const struct watch *watches; /* after the instruction that accessed the bytes */
    size_t watch_count;
    bool ticks; /* run_native only: a tick (engine/tracee/ticks.h) ends the run, but not within an
                   instruction that can be interrupted */
    bool notes; /* run_counted only: breakpoints and watches do not end the run; the result has the
                   last hit, where a breakpoint counts at which the run begins, and none where it
                   ends */
    const struct run_point *point; /* run_counted only; NULL: none. Where the run begins it is not
                                      looked for */
    taddr next_call; /* 0, or where a call is expected (behind it): known to be no int 0x80 */
    const volatile bool *interrupted; /* NULL, or set to end the run soon; a running task needs
                                         run_interrupt() as well */
};

enum run_end {
    RUN_ENDED_AT_LIMIT,  /* run_native: of misses */
    RUN_ENDED_AT_CALL,   /* run_native: behind the system call instruction, in its emulated stop;
                            run_counted: before it */
    RUN_ENDED_AT_SIGNAL, /* a fault or trap of the code; the task stands where the kernel says */
    RUN_ENDED_AT_BREAKPOINT,
    RUN_ENDED_AT_WATCH,
    RUN_ENDED_AT_POINT,
    RUN_ENDED_BY_INTERRUPT,
    RUN_ENDED_AT_TICK, /* run_native: between two instructions, from where it can go on */
};

/* A hit that did not end the run. */
struct run_note {
    bool any;      /* there was one */
    bool is_watch; /* of this watch, */
    size_t watch;
    taddr breakpoint; /* or of the breakpoint here, */
    uint64_t count;   /* by, or at, the instruction that is executed after so many */
};

struct run_result {
    enum run_end end;
    uint64_t count; /* run_counted: instructions executed */
    int signal;
    size_t watch;             /* which */
    struct run_note last_hit; /* if the run takes notes */
};

/* Whether a run has come to the end of what runs by itself: for a replay, to the next event. */
static inline bool run_reached_event(const struct run_result *result)
{
    return result->end == RUN_ENDED_AT_CALL || result->end == RUN_ENDED_AT_SIGNAL ||
           result->end == RUN_ENDED_AT_POINT;
}

/*
 * A breakpoint at the instruction where the run begins is passed over. `conditions` may be NULL.
 * Watches need debug registers: error_new() if they do not fit (run_fits()).
 */
struct error *run_native(struct tracee *tracee, const struct run_conditions *conditions,
                         struct run_result *ret) MUST_CHECK;

/* At most `limit` instructions, by single steps. Watches that do not fit (run_fits()) see only
 * writes that change the bytes. */
struct error *run_counted(struct tracee *tracee, const struct run_conditions *conditions,
                          uint64_t limit, struct run_result *ret) MUST_CHECK;

/* Whether all watches fit the four debug registers. */
bool run_fits(const struct run_conditions *conditions);

/* From any thread or a signal handler: wakes the run that the process `pid` is in. */
void run_interrupt(pid_t pid);

#endif
