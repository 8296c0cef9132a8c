/*
 * random-code [--from SEED|now] [--count N] [--seconds S] [--verbose]: random machine code in the
 * counting engine and by single steps, from the same random states. The sequences are those of the
 * seeds from SEED on.
 *
 * Each sequence is stepped to a cut and on to its end; then the engine runs it whole, cut, and
 * whole again, so that code is met while it is translated, partly linked, and linked. Count, way of
 * ending, registers, flags, vector registers and memory must be the same each time. What fails is
 * made smaller and printed.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/tracee/reel_page.h"
#include "tests/random/draw.h"
#include "tests/random/subject.h"

#define LIMIT 120 /* instructions of a sequence */

struct totals {
    uint64_t sequences, instructions, ends[RUN_ENDED_BY_INTERRUPT + 1], signals[64];
};

static uint64_t wild_branches; /* runs that differ as is known */

/* --- One sequence -------------------------------------------------------------------------- */

static bool same(const struct outcome *a, const struct outcome *b)
{
    return strcmp(a->error, b->error) == 0 && a->result.end == b->result.end &&
           a->result.count == b->result.count && a->result.signal == b->result.signal &&
           state_same(&a->state, &b->state);
}

static void print_outcome(const char *name, const struct outcome *outcome)
{
    const struct run_result *result = &outcome->result;
    static const char *const ends[] = {"the limit", "a call",  "a signal",    "a breakpoint",
                                       "a watch",   "a point", "an interrupt"};
    if (outcome->error[0])
        printf("    %s: %s\n", name, outcome->error);
    else
        printf("    %s: %lu instructions, ended by %s %d\n", name, result->count, ends[result->end],
               result->signal);
}

/*
 * KNOWN DIFFERENCE: where a return, or a branch through a register or memory, leads to an address
 * that cannot be one, the processor faults at the branch, and the engine where it leads to. And a
 * branch into the engine's own memory, which no program has, finds it only here.
 */
static bool is_wild_branch(const struct outcome *steps, const struct outcome *engine)
{
    int64_t rip = (int64_t)engine->state.regs.rip;
    if (steps->state.regs.rip >= REEL_SCRATCH && steps->state.regs.rip < REEL_AREA_END)
        return true;
    return steps->result.signal == SIGSEGV && rip << 16 >> 16 != rip;
}

static bool agree(const char *what, const struct outcome *steps, const struct outcome *engine,
                  bool print)
{
    if (same(steps, engine))
        return true;
    if (is_wild_branch(steps, engine)) {
        wild_branches++;
        return true;
    }
    if (!print)
        return false;
    printf("  %s:\n", what);
    print_outcome("steps", steps);
    print_outcome("engine", engine);
    state_print_differences(&steps->state, &engine->state);
    return false;
}

/* To the cut, and, if it was one, to the end. */
static void run_cut(struct subject *subject, const struct sequence *sequence, enum way way,
                    struct outcome *cut, struct outcome *end)
{
    subject_reset(subject, sequence);
    subject_run(subject, sequence, way, NULL, sequence->cut, cut);
    if (cut->result.end == RUN_ENDED_AT_LIMIT)
        subject_run(subject, sequence, way, NULL, LIMIT - sequence->cut, end);
    else
        *end = *cut;
}

/* KNOWN DIFFERENCE: no program has the engine's memory, which is not reset here; what adds to some
 * of it does not even agree with itself. */
static bool uses_engine_memory(struct subject *subject, const struct sequence *sequence)
{
    static struct outcome cut, first, second;
    run_cut(subject, sequence, BY_STEPS, &cut, &first);
    run_cut(subject, sequence, BY_STEPS, &cut, &second);
    return !same(&first, &second);
}

/* Whether both ways agree on the sequence, which is loaded. */
static bool agree_on_sequence(struct subject *subject, const struct sequence *sequence, bool print,
                              struct totals *totals)
{
    static struct outcome cut, end, other_cut, other_end;
    bool result;
    run_cut(subject, sequence, BY_STEPS, &cut, &end);
    bool was_cut = cut.result.end == RUN_ENDED_AT_LIMIT;
    struct outcome *whole = &end;
    uint64_t rest = end.result.count;
    if (was_cut)
        whole->result.count += cut.result.count;
    if (totals) {
        totals->sequences++;
        totals->instructions += whole->result.count;
        totals->ends[whole->result.end]++;
        totals->signals[whole->result.signal & 63]++;
    }
    subject_reset(subject, sequence);
    subject_run(subject, sequence, BY_ENGINE, NULL, LIMIT, &other_end);
    result = agree("run whole", whole, &other_end, print);
    run_cut(subject, sequence, BY_ENGINE, &other_cut, &other_end);
    result = result && agree("run to the cut", &cut, &other_cut, print);
    if (result && was_cut) {
        whole->result.count = rest;
        result = agree("run on from the cut", whole, &other_end, print);
        whole->result.count = rest + cut.result.count;
    }
    subject_reset(subject, sequence);
    subject_run(subject, sequence, BY_ENGINE, NULL, LIMIT, &other_end);
    return result && agree("run whole again", whole, &other_end, print);
}

static bool check_sequence(struct subject *subject, const struct sequence *sequence, bool print,
                           struct totals *totals)
{
    if (agree_on_sequence(subject, sequence, print, totals))
        return true;
    bool known = uses_engine_memory(subject, sequence);
    wild_branches += known;
    return known;
}

/* --- A failure ----------------------------------------------------------------------------- */

static bool fails(struct subject *subject, const struct sequence *sequence)
{
    subject_load(subject, sequence, 1);
    return !check_sequence(subject, sequence, false, NULL);
}

/* Takes out what the failure does not need. */
static void make_smaller(struct subject *subject, struct sequence *sequence)
{
    bool smaller = true;
    while (smaller) {
        smaller = false;
        for (size_t i = 0; i < sequence->count; i++) {
            uint8_t length = sequence->items[i].length;
            if (!length)
                continue;
            sequence->items[i].length = 0;
            if (fails(subject, sequence))
                smaller = true;
            else
                sequence->items[i].length = length;
        }
    }
}

static void print_start(const struct sequence *sequence)
{
    static const char *const names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    struct user_regs_struct regs = sequence->regs;
    unsigned long long *registers[16];
    draw_register_pointers(&regs, registers);
    for (int i = 0; i < 16; i++)
        printf("  %s=%llx%s", names[i], *registers[i], i % 4 == 3 ? "\n" : "");
    printf("  eflags=%llx  fs=%llx  gs=%llx  cut after %u\n", regs.eflags, regs.fs_base,
           regs.gs_base, sequence->cut);
}

/* Where the steps lead. */
static void print_path(struct subject *subject, const struct sequence *sequence)
{
    static struct outcome outcome;
    outcome.state.regs.rip = sequence->regs.rip;
    subject_reset(subject, sequence);
    printf("  executed:");
    do {
        printf(" %llx", outcome.state.regs.rip);
        subject_run(subject, sequence, BY_STEPS, NULL, 1, &outcome);
    } while (outcome.result.count);
    printf("\n");
}

static void report(struct subject *subject, const struct sequence *failed, uint64_t batch)
{
    static struct sequence sequence;
    sequence = *failed;
    printf("FAILED: the sequence of seed %lu\n", failed->seed);
    if (!fails(subject, &sequence)) {
        printf("  not alone, only after others: --from %lu --count %lu\n", batch,
               failed->seed - batch + 1);
        sequence_print(&sequence);
        print_start(&sequence);
        print_path(subject, &sequence);
        return;
    }
    make_smaller(subject, &sequence);
    print_start(&sequence);
    sequence_print(&sequence);
    subject_load(subject, &sequence, 1);
    print_path(subject, &sequence);
    check_sequence(subject, &sequence, true, NULL);
}

/* --- All ----------------------------------------------------------------------------------- */

/* Slots of the code area follow from the seed: a batch fills it once. */
static size_t run_batch(struct subject *subject, uint64_t from, size_t count, struct totals *totals,
                        bool verbose)
{
    static struct sequence sequences[SLOTS];
    size_t failures = 0;
    for (size_t i = 0; i < count; i++)
        sequence_draw(from + i, &sequences[i]);
    subject_load(subject, sequences, count);
    for (size_t i = 0; i < count; i++) {
        if (verbose) {
            printf("seed %lu\n", sequences[i].seed);
            sequence_print(&sequences[i]);
            fflush(stdout);
        }
        if (check_sequence(subject, &sequences[i], verbose, totals))
            continue;
        failures++;
        report(subject, &sequences[i], from);
        subject_load(subject, sequences, count);
        fflush(stdout);
    }
    return failures;
}

static double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void print_totals(const struct totals *totals)
{
    printf("%lu sequences, %lu instructions of %zu kinds; ended by the limit: %lu, a call: %lu, "
           "signals:",
           totals->sequences, totals->instructions, draw_mnemonics(),
           totals->ends[RUN_ENDED_AT_LIMIT], totals->ends[RUN_ENDED_AT_CALL]);
    for (int i = 1; i < 64; i++)
        if (totals->signals[i])
            printf(" %s %lu", sigabbrev_np(i), totals->signals[i]);
    printf("; runs that met the known difference: %lu\n", wild_branches);
}

#define FAILURES_MAX 20

int main(int argc, char **argv)
{
    static const struct option options[] = {{"from", 1, NULL, 'f'},
                                            {"count", 1, NULL, 'n'},
                                            {"seconds", 1, NULL, 's'},
                                            {"verbose", 0, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    uint64_t from = 1, count = UINT64_MAX;
    double seconds = 0;
    bool verbose = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'f')
            from = strcmp(optarg, "now") == 0 ? (uint64_t)time(NULL) << 20
                                              : strtoull(optarg, NULL, 10);
        else if (option == 'n')
            count = strtoull(optarg, NULL, 10);
        else if (option == 's')
            seconds = strtod(optarg, NULL);
        else if (option == 'v')
            verbose = true;
        else
            return 2;
    }
    if (count == UINT64_MAX && seconds == 0)
        count = 2000;
    struct subject subject;
    struct totals totals = {0};
    size_t failures = 0;
    double end = seconds_now() + seconds;
    printf("from seed %lu\n", from);
    subject_open(&subject);
    while (totals.sequences < count && failures < FAILURES_MAX &&
           (seconds == 0 || seconds_now() < end)) {
        uint64_t left = count - totals.sequences;
        size_t batch = left < SLOTS ? (size_t)left : SLOTS;
        failures += run_batch(&subject, from, batch, &totals, verbose);
        from += batch;
    }
    subject_close(&subject);
    print_totals(&totals);
    return failures ? 1 : 0;
}
