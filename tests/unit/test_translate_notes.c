/* Runs that note their last hit instead of ending at each. */
#include "translated_child.h"

#define TURNS 1000000ull

/* Two places, and two variables: `often` is written in each turn, `seldom` in every 1024th. */
uint64_t notes_often, notes_seldom;
extern const char turn[], turn_place[], turn_seldom[];
__asm__(".text\n"
        "turn: incq notes_often(%rip)\n"
        "turn_place: testl $1023, notes_often(%rip)\n"
        "  jnz 1f\n"
        "turn_seldom: incq notes_seldom(%rip)\n"
        "1: cmpq $1000000, notes_often(%rip)\n"
        "  jne turn\n"
        "  syscall\n");

static const taddr *places(void)
{
    static taddr both[2];
    both[0] = taddr_of((uint64_t)turn_place);
    both[1] = taddr_of((uint64_t)turn_seldom);
    return both;
}

static struct run_result run_steps(struct fixture *fixture, const struct run_conditions *conditions,
                                   uint64_t limit)
{
    struct run_result result;
    no_error(run_counted(fixture->tracee, conditions, limit, &result));
    return result;
}

static void a_million_hits_are_no_stops(void **state)
{
    struct fixture fixture = begin(turn);
    const struct run_conditions conditions = {
        .breakpoints = places(), .breakpoint_count = 1, .notes = true};
    uint64_t stops = tracee_resumes();
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(tracee_resumes() - stops < 100);
    assert_true(result.last_hit.any && !result.last_hit.is_watch);
    assert_true(result.last_hit.breakpoint.value == (uint64_t)turn_place);
    assert_true(result.count - result.last_hit.count == 4);
    end(&fixture);
}

static void the_later_of_two_places_is_told(void **state)
{
    struct fixture fixture = begin(turn);
    const struct run_conditions conditions = {
        .breakpoints = places() + 1, .breakpoint_count = 1, .notes = true};
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_true(result.last_hit.any);
    assert_true(result.last_hit.breakpoint.value == (uint64_t)turn_seldom);
    assert_true(result.count - result.last_hit.count == (TURNS % 1024) * 5 + 3);
    end(&fixture);
}

/* A hit where the run begins counts, one where it ends does not: so runs add up to a longer one. */
static void the_first_instruction_counts_and_the_end_does_not(void **state)
{
    struct fixture fixture = begin(turn);
    const struct run_conditions conditions = {
        .breakpoints = places(), .breakpoint_count = 1, .notes = true};
    assert_false(run(&fixture, &conditions, 1).last_hit.any);
    struct run_result result = run(&fixture, &conditions, 5);
    assert_true(result.last_hit.any && result.last_hit.count == 0);
    result = run(&fixture, &conditions, 5 * 100 + 1);
    assert_true(result.last_hit.any && result.last_hit.count == 5 * 100);
    assert_int_equal(result.end, RUN_ENDED_AT_LIMIT);
    end(&fixture);
}

static void same_note(const struct run_result *a, const struct run_result *b)
{
    assert_int_equal(a->end, b->end);
    assert_true(a->count == b->count && a->last_hit.any == b->last_hit.any);
    assert_true(!a->last_hit.any || (a->last_hit.count == b->last_hit.count &&
                                     a->last_hit.is_watch == b->last_hit.is_watch &&
                                     a->last_hit.watch == b->last_hit.watch &&
                                     a->last_hit.breakpoint.value == b->last_hit.breakpoint.value));
}

/* Limits that fall before, on and behind hits of both kinds. */
static void notes_are_those_of_single_steps(void **state)
{
    struct fixture engine = begin(turn), steps = begin(turn);
    const struct watch watches[] = {
        {taddr_of((uint64_t)&notes_often), 8, WATCHES_WRITES},
        {taddr_of((uint64_t)&notes_seldom), 8, WATCHES_READS | WATCHES_WRITES}};
    struct run_conditions conditions = {
        .breakpoints = places(), .breakpoint_count = 2, .notes = true};
    for (uint64_t i = 0; i < 300; i++) {
        conditions.watches = watches + i % 2;
        conditions.watch_count = (i / 2) % 2;
        struct run_result a = run(&engine, &conditions, i % 37 + i % 5);
        struct run_result b = run_steps(&steps, &conditions, i % 37 + i % 5);
        same_note(&a, &b);
    }
    end(&engine);
    end(&steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_hits_are_no_stops),
        cmocka_unit_test(the_later_of_two_places_is_told),
        cmocka_unit_test(the_first_instruction_counts_and_the_end_does_not),
        cmocka_unit_test(notes_are_those_of_single_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
