/*
 * A target for tests: every moment of a run is kept, and going anywhere is an index.
 *
 * It implements replay/debug/target.h, and is linked in place of the real one. It has two sources:
 * machine.c invents a small run for unit tests; stepper.c single-steps a real program, for sessions
 * of a real gdb. What it answers can serve as the oracle of the real target.
 */
#ifndef REEL_TESTS_FAKE_HISTORY_H
#define REEL_TESTS_FAKE_HISTORY_H

#include "replay/debug/target.h"

#define HISTORY_TASKS 8

struct history_state {
    struct trace_regs regs;
    const uint8_t *xsave; /* kept by the maker, or by history_keep() */
    size_t xsave_size;
};

struct history_access {
    uint64_t address;
    uint32_t length; /* at most 8 */
    bool write;
    uint8_t old[8], new[8];
};

/*
 * A state of everything. `tid` is the current task; unless `switched`, it came here by executing an
 * instruction in the moment before. Then `accesses` up to this number have happened.
 */
struct history_moment {
    uint32_t tid;
    bool switched;
    int signal; /* is delivered next, or 0 */
    struct position position;
    size_t accesses;
    uint32_t state[HISTORY_TASKS]; /* index + 1 in history.states; 0: the task does not live */
};

struct history_page {
    uint64_t address;
    uint8_t *bytes;
};

struct target {
    struct stream_info info;
    uint32_t tids[HISTORY_TASKS];
    size_t task_count;
    struct history_moment *moments;
    size_t moment_count;
    struct history_state *states;
    size_t state_count;
    struct history_access *accesses;
    size_t access_count;
    struct history_page *pages; /* sorted; as they are at moment `at` */
    size_t page_count;
    uint64_t events;
    struct buffer auxv;
    void **kept;
    size_t kept_count;

    size_t at;
    struct history_point {
        enum watch_kind kind;
        uint64_t address, length;
    } * points;
    size_t point_count;
    bool signaled; /* the last stop was STOPPED_SIGNAL */
    uint8_t siginfo[SIGINFO_BYTES];
    volatile bool interrupt;
    unsigned moment_microseconds; /* of replay, for tests of ^C */
};

/* For the makers: the run is built moment by moment, and memory is left as it is at the end;
 * history_rewind() then goes to the start. */
struct target *history_create(uint32_t pid, const char *executable);
size_t history_task(struct target *target, uint32_t tid);                  /* its slot; adds it */
void *history_keep(struct target *target, const void *bytes, size_t size); /* a copy */
uint32_t history_add_state(struct target *target, const struct history_state *state);
void history_add_access(struct target *target, const struct history_access *access);
void history_add_moment(struct target *target, const struct history_moment *moment);
uint8_t *history_page(struct target *target, uint64_t address); /* NULL: not mapped */
uint8_t *history_add_page(struct target *target, uint64_t address);
void history_rewind(struct target *target);

/* machine.c: tasks 100 and 101, see there. */
struct target *machine_run(unsigned rounds);

/* stepper.c: runs the program to its end. */
struct error *stepper_run(const char *const *arguments, struct target **ret) MUST_CHECK;

#endif
