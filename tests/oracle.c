/*
 * oracle TRACE [STRETCHES]: the counting engine against single steps.
 *
 * For stretches of the recording, chosen evenly: counts the stretch both ways, wants the same
 * number; then runs the engine in pieces of pseudo-random length, and wants the registers of single
 * steps at the end of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/translate/translator.h"
#include "replay/pin.h"
#include "replay/session.h"
#include "replay/vessel.h"

#define STEPS_MAX 20000 /* of a stretch; longer ones are compared that far */

static void check(struct error *error)
{
    if (!error)
        return;
    fprintf(stderr, "oracle: %s\n", error_message(error));
    exit(1);
}

static uint32_t seed = 12345;

static uint32_t pseudo_random(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static struct trace_regs registers(struct session *session, uint32_t tid)
{
    struct trace_regs regs;
    check(session_registers(session, tid, &regs));
    regs.value[TRACE_ORIG_RAX] = 0;
    regs.value[TRACE_EFLAGS] &= ~0x10100ull;
    return regs;
}

static void compare(struct session *engine, struct session *steps, uint32_t tid, uint64_t event,
                    uint64_t count)
{
    struct trace_regs a = registers(engine, tid), b = registers(steps, tid);
    if (memcmp(&a, &b, sizeof(a)) == 0)
        return;
    fprintf(stderr, "oracle: after event %lu and %lu instructions:\n", event, count);
    for (size_t i = 0; i < TRACE_REGS; i++)
        if (a.value[i] != b.value[i])
            fprintf(stderr, "  %s: engine %#lx, steps %#lx\n", trace_reg_names[i], a.value[i],
                    b.value[i]);
    exit(1);
}

static void compare_xsave(struct session *engine, struct session *steps, uint32_t tid,
                          uint64_t event)
{
    static uint8_t a[XSAVE_MAX], b[XSAVE_MAX];
    size_t size_a, size_b;
    check(session_xsave(engine, tid, a, &size_a));
    check(session_xsave(steps, tid, b, &size_b));
    /* The registers themselves: x87 and SSE, and the upper halves of AVX; which are in use is no
     * part of the state. */
    if (size_a == size_b && memcmp(a + 32, b + 32, 384) == 0 &&
        (size_a < 832 || memcmp(a + 576, b + 576, 256) == 0))
        return;
    fprintf(stderr, "oracle: other vector registers in the stretch after event %lu\n", event);
    exit(1);
}

/* Returns the instructions compared. */
static uint64_t compare_stretch(struct session *session)
{
    struct session *engine, *steps;
    struct run_result a, b;
    uint64_t total = 0;
    uint64_t event = session_event(session);
    uint32_t tid = session_next(session)->tid;
    check(session_fork(session, &engine));
    check(session_fork(session, &steps));
    struct tracee *stepped;
    check(session_load(steps, &stepped));
    do {
        uint64_t piece = 65 + pseudo_random(700);
        check(session_run_counted(engine, NULL, piece, &a));
        check(run_counted(stepped, NULL, piece, &b));
        total += b.count;
        if (a.end != b.end || a.count != b.count || a.signal != b.signal) {
            fprintf(
                stderr,
                "oracle: after event %lu: engine ends with %d after %lu, steps with %d after %lu\n",
                event, a.end, a.count, b.end, b.count);
            exit(1);
        }
        compare(engine, steps, tid, event, total);
    } while (a.end == RUN_ENDED_AT_LIMIT && total < STEPS_MAX);
    compare_xsave(engine, steps, tid, event);
    session_close(engine);
    session_close(steps);
    return total;
}

int main(int argc, char **argv)
{
    struct trace_reader *reader;
    struct store *store;
    struct session *session;
    uint64_t compared = 0;
    check(trace_reader_open(argc > 1 ? argv[1] : "", &reader));
    replay_pin(trace_reader_header(reader)); /* cpuid tells the number of the processor */
    check(store_open(trace_reader_header(reader)->store, false, &store));
    const struct session_options options = {.reader = reader, .store = store};
    uint64_t events = trace_reader_stream(reader, 1)->events;
    uint64_t stretches = argc > 2 ? strtoul(argv[2], NULL, 10) : 40;
    uint64_t every = events / (stretches ? stretches : 1) + 1;
    check(session_open(&options, 1, &session));
    while (session_next(session)) {
        if (session_next(session)->reach != REACH_NOTHING && session_event(session) % every == 0)
            compared += compare_stretch(session);
        check(session_reach(session));
        check(session_apply(session));
    }
    session_close(session);
    store_close(store);
    trace_reader_close(reader);
    printf("%lu instructions compared\n", compared);
    return compared ? 0 : 1;
}
