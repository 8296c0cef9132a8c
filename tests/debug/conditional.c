/*
 * conditional TRACE PLACE BEHIND WORD: breakpoints with conditions in a recording of
 * conditional_program: met where they hold, forwards and backwards, and without a stop at each of
 * the million visits where they do not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/tracee/tracee.h"
#include "replay/debug/target.h"

#define STOPS_MAX 10000

static const char *doing = "";

static void check(struct error *error)
{
    if (!error)
        return;
    fprintf(stderr, "conditional: %s: %s\n", doing, error_message(error));
    exit(1);
}

static void want(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "conditional: %s: %s\n", doing, what);
    exit(1);
}

static taddr place, behind, word;

static uint64_t passes(struct target *target)
{
    uint64_t value = 0;
    want(target_read(target, word, &value, sizeof(value)) == sizeof(value), "no word");
    return value;
}

static void insert(struct target *target, enum condition_operator compare, uint64_t constant)
{
    const struct condition condition = {.operand = CONDITION_ON_MEMORY,
                                        .reg = CONDITION_NO_REGISTER,
                                        .offset = word.value,
                                        .size = 8,
                                        .compare = (uint8_t)compare,
                                        .constant = constant};
    check(target_insert_conditional(target, place, &condition));
}

static struct target_stop go(struct target *target, enum direction direction)
{
    const struct resume resume = {.direction = direction, .mode = RESUME_CONTINUE};
    struct target_stop stop;
    check(target_resume(target, &resume, &stop));
    return stop;
}

static void to_pass(struct target *target, enum direction direction, uint64_t pass)
{
    struct target_stop stop = go(target, direction);
    want(stop.reason == STOPPED_BREAKPOINT && stop.address.value == place.value, "no breakpoint");
    want(passes(target) == pass, "another visit");
}

static struct position where(struct target *target)
{
    struct position position;
    check(target_position(target, &position));
    return position;
}

/* One visit of a million: there forwards, from the end back, from its own place on and back. */
static void meet_one(struct target *target)
{
    uint64_t stops = tracee_resumes();
    insert(target, IF_EQUAL, 700000);
    doing = "one visit, forwards";
    to_pass(target, FORWARD, 700000);
    struct position met = where(target);
    doing = "to the end";
    want(go(target, FORWARD).reason == STOPPED_END, "no end");
    doing = "one visit, backwards";
    to_pass(target, BACKWARD, 700000);
    want(position_compare(where(target), met) == 0, "another position");
    doing = "to the start";
    want(go(target, BACKWARD).reason == STOPPED_START, "no start");
    doing = "one visit, again";
    to_pass(target, FORWARD, 700000);
    want(position_compare(where(target), met) == 0, "another position");
    want(tracee_resumes() - stops < STOPS_MAX, "a stop at each visit");
}

/* From pass 700000. */
static void meet_several(struct target *target)
{
    insert(target, IF_EQUAL, 650000);
    insert(target, IF_LESS_OR_EQUAL, 2);
    doing = "several conditions at one place";
    to_pass(target, BACKWARD, 650000);
    to_pass(target, BACKWARD, 2);
    to_pass(target, BACKWARD, 1);
    to_pass(target, FORWARD, 2);
    to_pass(target, FORWARD, 650000);
    to_pass(target, FORWARD, 700000);
}

/* From pass 700000: a range is left where the condition holds, and not at each visit. */
static void meet_in_range(struct target *target)
{
    const struct resume range = {.direction = FORWARD,
                                 .mode = RESUME_RANGE,
                                 .range_start = taddr_of(place.value - 16),
                                 .range_end = behind};
    struct target_stop stop;
    doing = "in a range";
    insert(target, IF_EQUAL, 700003);
    check(target_resume(target, &range, &stop));
    want(stop.reason == STOPPED_BREAKPOINT && passes(target) == 700003, "another stop");
}

static void meet_none(struct target *target)
{
    doing = "an impossible condition";
    const struct condition condition = {.operand = CONDITION_ON_REGISTER, .reg = 16, .size = 8};
    struct error *error = target_insert_conditional(target, place, &condition);
    want(error != NULL, "accepted");
    error_free(error);
    doing = "too many";
    for (uint64_t i = 0; i < CONDITIONS_MAX - 4; i++)
        insert(target, IF_EQUAL, i);
    error = target_insert(target, WATCH_EXECUTE, place, 0);
    want(error != NULL, "accepted");
    error_free(error);
    doing = "removed";
    target_remove(target, WATCH_EXECUTE, place, 0);
    want(go(target, BACKWARD).reason == STOPPED_START, "no start");
    want(go(target, FORWARD).reason == STOPPED_END, "no end");
    insert(target, IF_GREATER, 1000000);
    want(go(target, BACKWARD).reason == STOPPED_START, "a visit that does not hold");
    check(target_insert(target, WATCH_EXECUTE, place, 0));
    to_pass(target, FORWARD, 1);
    to_pass(target, FORWARD, 2);
}

int main(int argc, char **argv)
{
    struct trace_reader *reader;
    struct target *target;
    if (argc != 5)
        return 2;
    place = taddr_of(strtoull(argv[2], NULL, 16));
    behind = taddr_of(strtoull(argv[3], NULL, 16));
    word = taddr_of(strtoull(argv[4], NULL, 16));
    doing = "open";
    check(trace_reader_open(argv[1], &reader));
    check(target_open(reader, 1, &target));
    meet_one(target);
    meet_several(target);
    meet_in_range(target);
    meet_none(target);
    target_close(target);
    trace_reader_close(reader);
    return 0;
}
