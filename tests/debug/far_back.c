/*
 * far_back TRACE START MIDDLE END BEHIND TURNS: back from the end of long stretches in a recording
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

static taddr start, middle, end, behind, turns;
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

static uint64_t pc_of(struct target *target)
{
    return state_of(target).regs.value[TRACE_RIP];
}

static struct position where(struct target *target)
{
    struct position position;
    check(target_position(target, &position));
    return position;
}

static void want_truth(struct position position, const struct state *state)
{
    check(target_seek(truth, position));
    const struct state expected = state_of(truth);
    want(memcmp(&expected, state, sizeof(expected)) == 0, "another state");
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

static struct target *open_with(const taddr *places, size_t count)
{
    struct target *target = open_target();
    for (size_t i = 0; i < count; i++)
        check(target_insert(target, WATCH_EXECUTE, places[i], 0));
    return target;
}

/* Some steps back, without a position in between; then each is looked at. */
static void steps_back(struct target *target)
{
    struct state seen[STEPS];
    for (int i = 0; i < STEPS; i++) {
        step_back(target);
        seen[i] = state_of(target);
    }
    struct position position = where(target);
    for (int i = STEPS; i-- > 0; position.count++)
        want_truth(position, &seen[i]);
}

/* --- The tests ------------------------------------------------------------------------------- */

/* The first stretch's end: a step back is sooner there than its count could be. */
static void first_steps(void)
{
    struct target *target = open_with((taddr[]){start, middle}, 2);
    doing = "first steps back";
    go_to(target, FORWARD, start);
    double begin = seconds();
    go_to(target, FORWARD, middle);
    double forwards = seconds() - begin;
    begin = seconds();
    step_back(target);
    double backwards = seconds() - begin;
    fprintf(stderr, "far_back: forwards %.2f s, one step back %.2f s\n", forwards, backwards);
    want(backwards < 0.75 * forwards, "the whole stretch was counted");
    steps_back(target);
    doing = "a second time";
    go_to(target, FORWARD, middle);
    steps_back(target);
    target_close(target);
}

/* A waypoint behind a waypoint: both are found when a position is asked for. */
static void two_runs(void)
{
    struct target *target = open_with((taddr[]){middle, end}, 2);
    doing = "two runs";
    go_to(target, FORWARD, middle);
    step_back(target);
    const struct state before_middle = state_of(target);
    go_to(target, FORWARD, middle);
    go_to(target, FORWARD, end);
    steps_back(target);
    doing = "back to between them";
    go_to(target, BACKWARD, middle);
    step_back(target);
    const struct state again = state_of(target);
    want(memcmp(&before_middle, &again, sizeof(again)) == 0, "another state");
    target_close(target);
}

/* Searches that end this side of the waypoint, and beyond it. */
static void searches(void)
{
    struct target *target = open_with(&end, 1);
    doing = "the last write";
    go_to(target, FORWARD, end);
    uint64_t last = state_of(target).turns;
    check(target_insert(target, WATCH_WRITE, turns, 8));
    for (uint64_t i = 1; i <= 3; i++) {
        want(go(target, BACKWARD).reason == STOPPED_WATCHPOINT, "no watchpoint");
        want(state_of(target).turns == last - i, "another write");
    }
    target_remove(target, WATCH_WRITE, turns, 8);
    const struct state written = state_of(target);
    want_truth(where(target), &written);
    target_close(target);

    target = open_with((taddr[]){start, end}, 2);
    doing = "a place far back";
    go_to(target, FORWARD, start);
    struct position first = where(target);
    go_to(target, FORWARD, end);
    step_back(target);
    go_to(target, BACKWARD, start);
    want(state_of(target).turns == 0, "another visit");
    want(position_compare(where(target), first) == 0, "another position");
    target_close(target);
}

/* Over the event that ends the stretch, into it. */
static void over_event(void)
{
    struct target *target = open_with(&behind, 1);
    doing = "over an event";
    go_to(target, FORWARD, behind);
    struct position after = where(target);
    step_back(target);
    want(pc_of(target) == behind.value - 2, "not before the call");
    const struct state at_call = state_of(target);
    struct position before = where(target);
    want(before.event + 1 == after.event && after.count == 0, "another event");
    want_truth(before, &at_call);
    steps_back(target);
    target_close(target);
}

int main(int argc, char **argv)
{
    taddr *const addresses[] = {&start, &middle, &end, &behind, &turns};
    if (argc != 7)
        return 2;
    for (int i = 0; i < 5; i++)
        *addresses[i] = taddr_of(strtoull(argv[i + 2], NULL, 16));
    doing = "open";
    check(trace_reader_open(argv[1], &reader));
    truth = open_target();
    first_steps();
    two_runs();
    searches();
    over_event();
    target_close(truth);
    trace_reader_close(reader);
    return 0;
}
