/*
 * far_back TRACE START MIDDLE BEHIND TURNS: back from the end of long stretches in a recording
 * of far_back_program, where nothing has been counted yet. Each state that is met is met again in
 * another target, which counts its way there from the event, and is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay/debug/target.h"

#define STEPS 6

static const char *doing = "";

static void check(struct error *error)
{
    if (!error)
        return;
    fprintf(stderr, "far_back: %s: %s\n", doing, error_message(error));
    exit(1);
}

static void want(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "far_back: %s: %s\n", doing, what);
    exit(1);
}

static taddr start, middle, behind, turns;
static struct trace_reader *reader;
static struct target *truth; /* goes to positions by count alone */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- States ---------------------------------------------------------------------------------- */

struct state {
    struct trace_regs regs;
    uint64_t turns;
};

static struct state state_of(struct target *target)
{
    struct state state = {.turns = 0};
    check(target_registers(target, target_current_task(target), &state.regs));
    state.regs.value[TRACE_ORIG_RAX] = 0;
    state.regs.value[TRACE_EFLAGS] &= ~0x10100ull; /* the kernel's: traps and resumes */
    want(target_read(target, turns, &state.turns, 8) == 8, "no word");
    return state;
}

static struct position where(struct target *target)
{
    struct position position;
    check(target_position(target, &position));
    return position;
}

static void want_same(const struct state *a, const struct state *b)
{
    want(memcmp(a, b, sizeof(*a)) == 0, "another state");
}

static void want_truth(struct position position, const struct state *state)
{
    check(target_seek(truth, position));
    const struct state expected = state_of(truth);
    want_same(&expected, state);
}

/* --- Moving ---------------------------------------------------------------------------------- */

static struct target_stop go(struct target *target, enum direction direction)
{
    const struct resume resume = {.direction = direction, .mode = RESUME_CONTINUE};
    struct target_stop stop;
    check(target_resume(target, &resume, &stop));
    return stop;
}

static void go_to(struct target *target, enum direction direction, taddr place)
{
    struct target_stop stop = go(target, direction);
    want(stop.reason == STOPPED_BREAKPOINT && stop.address.value == place.value, "no breakpoint");
}

static void step_back(struct target *target)
{
    const struct resume resume = {.direction = BACKWARD, .mode = RESUME_STEP};
    struct target_stop stop;
    check(target_resume(target, &resume, &stop));
    want(stop.reason == STOPPED_STEP, "no step");
}

static struct target *open_target(void)
{
    struct target *target;
    check(target_open(reader, 1, &target));
    return target;
}

/* Without asking for a position in between. */
static void steps_back(struct target *target, struct state seen[STEPS])
{
    for (int i = 0; i < STEPS; i++) {
        step_back(target);
        seen[i] = state_of(target);
    }
}

/* Stands at the last of them. */
static void want_positions(struct target *target, const struct state seen[STEPS])
{
    struct position position = where(target);
    for (int i = STEPS; i-- > 0; position.count++)
        want_truth(position, &seen[i]);
}

/* --- The tests ------------------------------------------------------------------------------- */

/* The first stretch's end: a step back is sooner there than its count could be. */
static void first_steps(struct target *target, struct state seen[STEPS])
{
    doing = "first steps back";
    double begin = seconds();
    go_to(target, FORWARD, middle);
    double forwards = seconds() - begin;
    begin = seconds();
    step_back(target);
    double backwards = seconds() - begin;
    fprintf(stderr, "far_back: forwards %.2f s, one step back %.2f s\n", forwards, backwards);
    want(backwards < forwards, "the whole stretch was counted");
    go_to(target, FORWARD, middle);
    steps_back(target, seen);
}

/* Backwards over writes that are near, before anything has told where they are. */
static void last_writes(struct target *target)
{
    struct state state;
    doing = "the last writes";
    uint64_t last = state_of(target).turns;
    check(target_insert(target, WATCH_WRITE, turns, 8));
    for (uint64_t i = 1; i <= 3; i++) {
        want(go(target, BACKWARD).reason == STOPPED_WATCHPOINT, "no watchpoint");
        state = state_of(target);
        want(state.turns == last - i, "another write");
    }
    target_remove(target, WATCH_WRITE, turns, 8);
}

/* From a waypoint of a run that began at a waypoint itself, over the event that the run reached. */
static void over_event(struct target *target, struct state seen[STEPS])
{
    doing = "over an event";
    go_to(target, FORWARD, middle);
    go_to(target, FORWARD, behind);
    steps_back(target, seen);
    want(seen[0].regs.value[TRACE_RIP] == behind.value - 2, "not before the call");
    last_writes(target);
}

/* Behind the waypoints: they get their counts. */
static void far_back(struct target *target, struct position first, const struct state seen[STEPS],
                     const struct state seen_over_event[STEPS])
{
    struct state again[STEPS];
    doing = "behind the second waypoint";
    go_to(target, BACKWARD, middle);
    steps_back(target, again);
    for (int i = 0; i < STEPS; i++)
        want_same(&seen[i], &again[i]);
    want_positions(target, seen);
    doing = "behind the first";
    go_to(target, BACKWARD, start);
    want(position_compare(where(target), first) == 0, "another position");
    doing = "forwards again";
    go_to(target, FORWARD, middle);
    go_to(target, FORWARD, behind);
    steps_back(target, again);
    want_positions(target, seen_over_event);
}

/* Stopped by a signal, at the end of a stretch. */
static void from_crash(struct target *target)
{
    struct state seen[STEPS];
    doing = "at a crash";
    go_to(target, FORWARD, behind);
    struct position after_call = where(target);
    want(go(target, FORWARD).reason == STOPPED_SIGNAL, "no signal");
    last_writes(target);
    steps_back(target, seen);
    want_positions(target, seen);
    want(go(target, FORWARD).reason == STOPPED_SIGNAL, "no signal");
    doing = "from a crash to the start of its stretch";
    go_to(target, BACKWARD, behind);
    want(position_compare(where(target), after_call) == 0, "another position");
}

static void run_tests(struct target *target)
{
    struct state seen[STEPS], seen_over_event[STEPS];
    check(target_insert(target, WATCH_EXECUTE, start, 0));
    check(target_insert(target, WATCH_EXECUTE, middle, 0));
    check(target_insert(target, WATCH_EXECUTE, behind, 0));
    doing = "to the start";
    go_to(target, FORWARD, start);
    struct position first = where(target);
    first_steps(target, seen);
    over_event(target, seen_over_event);
    far_back(target, first, seen, seen_over_event);
    from_crash(target);
}

int main(int argc, char **argv)
{
    taddr *const addresses[] = {&start, &middle, &behind, &turns};
    if (argc != 6)
        return 2;
    for (int i = 0; i < 4; i++)
        *addresses[i] = taddr_of(strtoull(argv[i + 2], NULL, 16));
    doing = "open";
    check(trace_reader_open(argv[1], &reader));
    truth = open_target();
    struct target *target = open_target();
    run_tests(target);
    target_close(target);
    target_close(truth);
    trace_reader_close(reader);
    return 0;
}
