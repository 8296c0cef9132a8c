/* The decisions of `reel record --chaos`, without processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "record/chaos.h"

#define SEEDS 200
#define TASKS 3

static void make_tasks(struct chaos *chaos, struct chaos_task *tasks, struct chaos_task **list)
{
    memset(tasks, 0, TASKS * sizeof(*tasks));
    for (size_t i = 0; i < TASKS; i++) {
        chaos_woken(chaos, &tasks[i], 0);
        tasks[i].not_before = 0;
        list[i] = &tasks[i];
    }
}

/* The turns of tasks that are always ready, as a string of their numbers. */
static void play(uint64_t seed, char *turns, size_t count)
{
    struct chaos chaos;
    struct chaos_task tasks[TASKS], *list[TASKS];
    chaos_init(&chaos, seed);
    make_tasks(&chaos, tasks, list);
    for (size_t i = 0; i < count; i++) {
        uint64_t retry;
        size_t chosen = chaos_choose(&chaos, list, TASKS, 0, &retry);
        assert_true(chosen < TASKS);
        turns[i] = (char)('a' + chosen);
        if (chaos_lose_after_call(&chaos))
            chaos_loses(&chaos, list[chosen], chaos_below(&chaos, 2));
    }
    turns[count] = 0;
}

static void a_seed_decides_all(void **state)
{
    char first[301], again[301], other[301];
    unsigned different = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        play(seed, first, 300);
        play(seed, again, 300);
        play(seed + 1, other, 300);
        assert_string_equal(first, again);
        different += strcmp(first, other) != 0;
    }
    assert_true(different > SEEDS * 9 / 10);
}

static void nobody_is_passed_over_for_ever(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct chaos chaos;
        struct chaos_task tasks[TASKS], *list[TASKS];
        unsigned waited[TASKS] = {0};
        chaos_init(&chaos, seed);
        make_tasks(&chaos, tasks, list);
        for (unsigned i = 0; i < 20000; i++) {
            uint64_t retry;
            size_t chosen = chaos_choose(&chaos, list, TASKS, 0, &retry);
            for (size_t k = 0; k < TASKS; k++)
                waited[k] = k == chosen ? 0 : waited[k] + 1;
            for (size_t k = 0; k < TASKS; k++)
                assert_true(waited[k] <= CHAOS_PASSED_OVER_MAX + TASKS + 1);
        }
    }
}

/* One that spins is interrupted at the end of each slice: whoever it waits for comes soon. */
static void starving_ends_within_a_few_slices(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct chaos chaos;
        struct chaos_task task = {0};
        unsigned slices = 0;
        chaos_init(&chaos, seed);
        chaos_loses(&chaos, &task, true);
        assert_true(chaos_starves(&chaos, &task));
        for (; chaos_starves(&chaos, &task); slices++)
            chaos_slice_ends(&chaos);
        assert_true(slices <= (1u << CHAOS_STARVING_BITS_MAX) / CHAOS_SLICE_TICKS + 1);
    }
}

static void who_starves_is_passed_over_but_not_alone(void **state)
{
    struct chaos chaos;
    struct chaos_task tasks[2] = {{0}}, *list[2] = {&tasks[0], &tasks[1]};
    uint64_t retry;
    chaos_init(&chaos, 7);
    tasks[0] = (struct chaos_task){.priority = 2, .starves_until = 100};
    tasks[1] = (struct chaos_task){.priority = 1};
    assert_int_equal(chaos_choose(&chaos, list, 2, 0, &retry), 1);
    assert_int_equal(chaos_choose(&chaos, list, 1, 0, &retry), 0);
    tasks[0].starves_until = 0;
    assert_int_equal(chaos_choose(&chaos, list, 2, 0, &retry), 0);
}

static void who_is_delayed_waits_for_the_time(void **state)
{
    struct chaos chaos;
    struct chaos_task tasks[2] = {{.not_before = 500}, {.not_before = 300}};
    struct chaos_task *list[2] = {&tasks[0], &tasks[1]};
    uint64_t retry;
    chaos_init(&chaos, 7);
    assert_int_equal(chaos_choose(&chaos, list, 2, 100, &retry), 2);
    assert_int_equal(retry, 300);
    assert_int_equal(chaos_choose(&chaos, list, 2, 300, &retry), 1);
}

static void slices_lie_orders_of_magnitude_apart(void **state)
{
    unsigned special = 0, short_ones = 0, long_ones = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct chaos chaos;
        chaos_init(&chaos, seed);
        for (unsigned i = 0; i < 20; i++) {
            uint64_t slice = chaos_slice(&chaos);
            assert_true(slice <= chaos.style.slice_most);
            assert_true(!slice || slice >= chaos.style.slice_least);
            special += slice != 0;
            short_ones += slice && slice < 100000;
            long_ones += slice > 5000000;
        }
    }
    assert_true(special && short_ones > special / 10 && long_ones > special / 50);
}

static void every_run_stops_tasks_somehow_between_calls(void **state)
{
    unsigned spots = 0, delays = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct chaos chaos;
        chaos_init(&chaos, seed);
        assert_true(chaos.style.spots || chaos.style.slice_least);
        spots += chaos.style.spots != 0;
        delays += chaos.style.delays != 0;
    }
    assert_true(spots > SEEDS / 2 && spots < SEEDS);
    assert_true(delays > SEEDS / 4 && delays < SEEDS * 3 / 4);
}

static void a_forked_process_has_decisions_of_its_own(void **state)
{
    struct chaos parent, same, child, off = {0};
    chaos_init(&parent, 9);
    same = parent;
    chaos_fork(&child, &parent);
    assert_true(child.on && child.state != parent.state);
    chaos_fork(&off, &same);
    assert_true(off.state == child.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_decides_all),
        cmocka_unit_test(nobody_is_passed_over_for_ever),
        cmocka_unit_test(starving_ends_within_a_few_slices),
        cmocka_unit_test(who_starves_is_passed_over_but_not_alone),
        cmocka_unit_test(who_is_delayed_waits_for_the_time),
        cmocka_unit_test(slices_lie_orders_of_magnitude_apart),
        cmocka_unit_test(every_run_stops_tasks_somehow_between_calls),
        cmocka_unit_test(a_forked_process_has_decisions_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
