/*
 * walk TRACE: goes through every stream of a recording forwards, backwards and at random, and wants
 * to see the same state at the same position each time.
 *
 *   1. forwards over events, noting a digest of the state (registers of all tasks, a page of each
 * stack) at each
 *   2. backwards over the same events, and back and forth at random: the same digests
 *   3. from some events: instructions forwards by steps, then as many backwards: the same registers
 * in reverse
 *   4. to the end by continue, to the start by reverse-continue: told as the ends of the recording
 *   5. to the last event: the end
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "replay/debug/target.h"

#define EVENTS_MAX 400 /* digests, evenly over a stream */
#define STEPS 40
#define PLACES 6

static const char *doing = "";

static void check(struct error *error)
{
    if (!error)
        return;
    fprintf(stderr, "walk: %s: %s\n", doing, error_message(error));
    exit(1);
}

static void want(bool condition, const char *what, struct position at)
{
    if (condition)
        return;
    fprintf(stderr, "walk: %s: %s at %lu+%lu\n", doing, what, at.event, at.count);
    exit(1);
}

static uint64_t digest(struct target *target)
{
    uint32_t tids[64];
    size_t count = target_tasks(target, tids, 64);
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    for (size_t i = 0; i < count && i < 64; i++) {
        struct trace_regs regs;
        uint8_t stack[1024] = {0};
        check(target_registers(target, tids[i], &regs));
        regs.value[TRACE_ORIG_RAX] = 0;
        regs.value[TRACE_EFLAGS] &= ~0x10100ull;
        target_read(target, taddr_of(regs.value[TRACE_RSP]), stack, sizeof(stack));
        XXH3_64bits_update(state, &tids[i], sizeof(tids[i]));
        XXH3_64bits_update(state, &regs, sizeof(regs));
        XXH3_64bits_update(state, stack, sizeof(stack));
    }
    uint64_t result = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return result;
}

static struct position nth(uint64_t index, uint64_t step)
{
    return (struct position){index * step, 0};
}

static void walk_events(struct target *target)
{
    uint64_t events = target_events(target);
    uint64_t step = events / EVENTS_MAX + 1, count = (events + step - 1) / step;
    uint64_t *digests = calloc(count, sizeof(*digests));
    doing = "events forwards";
    for (uint64_t i = 0; i < count; i++) {
        check(target_seek(target, nth(i, step)));
        digests[i] = digest(target);
    }
    doing = "events backwards";
    for (uint64_t i = count; i-- > 0;) {
        check(target_seek(target, nth(i, step)));
        want(digest(target) == digests[i], "another state", nth(i, step));
    }
    doing = "events at random";
    srand(1);
    for (int i = 0; i < 20; i++) {
        uint64_t index = (uint64_t)rand() % count;
        check(target_seek(target, nth(index, step)));
        want(digest(target) == digests[index], "another state", nth(index, step));
    }
    free(digests);
}

struct footprint {
    struct position position;
    struct trace_regs regs;
};

static struct footprint footprint(struct target *target, uint32_t tid)
{
    struct footprint result;
    check(target_position(target, &result.position));
    check(target_registers(target, tid, &result.regs));
    result.regs.value[TRACE_ORIG_RAX] = 0;
    result.regs.value[TRACE_EFLAGS] &= ~0x10100ull;
    return result;
}

/* Steps stay within one task; one that ends, or stands in a call, is left alone. */
static void walk_steps(struct target *target, struct position from)
{
    struct footprint seen[STEPS + 1];
    struct target_stop stop;
    int steps = 0;
    doing = "steps forwards";
    check(target_seek(target, from));
    uint32_t tid = target_current_task(target);
    const struct resume forward = {.direction = FORWARD, .mode = RESUME_STEP, .tid = tid};
    const struct resume backward = {.direction = BACKWARD, .mode = RESUME_STEP, .tid = tid};
    check(target_resume(target, &forward, &stop)); /* out of a call, where no step leads back to */
    if (stop.reason != STOPPED_STEP || stop.tid != tid)
        return;
    seen[0] = footprint(target, tid);
    while (steps < STEPS) {
        check(target_resume(target, &forward, &stop));
        if (stop.reason != STOPPED_STEP || stop.tid != tid)
            break;
        seen[++steps] = footprint(target, tid);
    }
    if (steps < STEPS) { /* a signal, or an end: go back to where the last step led */
        check(target_seek(target, seen[steps].position));
        if (target_current_task(target) != tid)
            return;
    }
    doing = "steps backwards";
    for (int i = steps; i-- > 0;) {
        check(target_resume(target, &backward, &stop));
        if (stop.reason == STOPPED_START)
            return;
        struct footprint now = footprint(target, tid);
        bool same = memcmp(&now.regs, &seen[i].regs, sizeof(now.regs)) == 0;
        if (!same)
            fprintf(stderr,
                    "walk: task %u, step %d of %d: rip %#lx at %lu+%lu was %#lx at %lu+%lu\n", tid,
                    i, steps, now.regs.value[TRACE_RIP], now.position.event, now.position.count,
                    seen[i].regs.value[TRACE_RIP], seen[i].position.event, seen[i].position.count);
        want(same, "other registers", now.position);
    }
}

static void walk_to_ends(struct target *target)
{
    struct target_stop stop;
    const struct resume forward = {.direction = FORWARD, .mode = RESUME_CONTINUE};
    const struct resume backward = {.direction = BACKWARD, .mode = RESUME_CONTINUE};
    doing = "to the end";
    do
        check(target_resume(target, &forward, &stop));
    while (stop.reason == STOPPED_SIGNAL);
    struct position at = {target_events(target), 0};
    want(stop.reason == STOPPED_END, "no end", at);
    check(target_resume(target, &forward, &stop));
    want(stop.reason == STOPPED_END, "an end that can be left", at);
    doing = "to the start";
    check(target_resume(target, &backward, &stop));
    want(stop.reason == STOPPED_START, "no start", at);
    check(target_position(target, &at));
    want(at.event == 0 && at.count == 0, "a start elsewhere", at);
}

/* The last event stands for the end, even where it leaves nobody alive. */
static void walk_to_last_event(struct target *target)
{
    struct position at = {target_events(target) - 1, 0};
    struct target_stop stop;
    struct trace_regs regs;
    const struct resume forward = {.direction = FORWARD, .mode = RESUME_CONTINUE};
    doing = "the last event";
    check(target_seek(target, at));
    want(target_tasks(target, NULL, 0) > 0, "no task", at);
    check(target_registers(target, target_current_task(target), &regs));
    check(target_resume(target, &forward, &stop));
    want(stop.reason == STOPPED_END, "no end", at);
}

static void walk_stream(struct trace_reader *reader, uint32_t stream)
{
    struct target *target;
    doing = "open";
    check(target_open(reader, stream, &target));
    walk_events(target);
    for (uint64_t i = 0; i < PLACES; i++)
        walk_steps(target, (struct position){i * (target_events(target) - 1) / PLACES, 0});
    walk_to_ends(target);
    walk_to_last_event(target);
    target_close(target);
}

int main(int argc, char **argv)
{
    struct trace_reader *reader;
    doing = "open";
    check(trace_reader_open(argc > 1 ? argv[1] : "", &reader));
    uint32_t streams = trace_reader_streams(reader);
    for (uint32_t stream = 1; stream <= streams && stream <= 5; stream++)
        walk_stream(reader, stream);
    trace_reader_close(reader);
    return 0;
}
