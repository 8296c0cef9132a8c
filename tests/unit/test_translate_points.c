/* Runs that end at a point: the test for it is compiled, so that a visit that differs is no stop.
 */
#include "translated_child.h"

#define VISITS 5000000ull

/* A loop that keeps count in memory only: at `spin_place` the registers are the same each time. And
 * one whose flags differ from visit to visit of `mix_place`, which it sums up. */
uint64_t spin_counter;
extern const char spin[], spin_place[], mix[], mix_place[];
__asm__(".text\n"
        "spin: incq spin_counter(%rip)\n"
        "  xorl %eax, %eax\n"
        "spin_place: cmpq $5000000, spin_counter(%rip)\n"
        "  jne spin\n"
        "  syscall\n"
        "mix: addq %rbx, %rcx\n"
        "mix_place: pushfq\n"
        "  popq %rax\n"
        "  addq %rax, %rdx\n"
        "  rolq $7, %rdx\n"
        "  imulq $0x12345, %rbx, %rbx\n"
        "  decq %rdi\n"
        "  jnz mix\n"
        "  syscall\n");

#define SPIN_INSTRUCTIONS 4

static uint64_t counter(struct fixture *fixture)
{
    uint64_t value;
    no_error(
        tracee_read(fixture->tracee, taddr_of((uint64_t)&spin_counter), &value, sizeof(value)));
    return value;
}

/* A child at its first visit of the place, and the point there with its registers. */
static struct fixture at_first_visit(const char *start, const char *place, struct run_point *ret)
{
    struct fixture fixture = begin(start);
    const struct breakpoint breakpoint = {.address = taddr_of((uint64_t)place)};
    const struct run_conditions conditions = {.breakpoints = &breakpoint, .breakpoint_count = 1};
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_BREAKPOINT);
    *ret = (struct run_point){.regs = registers(&fixture)};
    assert_true(ret->regs.rip == breakpoint.address.value);
    return fixture;
}

static void a_visit_is_told_by_memory_alone(void **state)
{
    struct run_point point;
    struct fixture fixture = at_first_visit(spin, spin_place, &point);
    const struct run_word word = {taddr_of((uint64_t)&spin_counter), VISITS - 1000};
    const struct run_conditions conditions = {.point = &point};
    point.words = &word;
    point.word_count = 1;
    uint64_t stops = tracee_resumes();
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_POINT);
    assert_true(result.count == (VISITS - 1001) * SPIN_INSTRUCTIONS);
    assert_true(counter(&fixture) == VISITS - 1000);
    assert_true(tracee_resumes() - stops < 50);
    result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(counter(&fixture) == VISITS);
    end(&fixture);
}

/* Whoever finds that it was not the one, and goes on, pays for a stop and no translation. */
static void each_equal_visit_ends_a_run(void **state)
{
    struct run_point point;
    struct fixture fixture = at_first_visit(spin, spin_place, &point);
    const struct run_conditions conditions = {.point = &point};
    run(&fixture, &conditions, FOREVER);
    run(&fixture, &conditions, FOREVER);
    for (int i = 0; i < 100; i++) {
        uint64_t stops = tracee_resumes(), before = counter(&fixture);
        struct run_result result = run(&fixture, &conditions, FOREVER);
        assert_int_equal(result.end, RUN_ENDED_AT_POINT);
        assert_true(result.count == SPIN_INSTRUCTIONS && counter(&fixture) == before + 1);
        assert_true(tracee_resumes() - stops == 1);
    }
    end(&fixture);
}

/* Each register in turn has another value than the point: no visit is equal. */
static void one_other_register_is_another_state(void **state)
{
    struct run_point point;
    struct fixture fixture = at_first_visit(spin, spin_place, &point);
    const struct run_conditions conditions = {.point = &point};
    const struct user_regs_struct regs = point.regs;
    unsigned long long *const fields[] = {
        &point.regs.rax, &point.regs.rcx, &point.regs.rdx, &point.regs.rbx,
        &point.regs.rsp, &point.regs.rbp, &point.regs.rsi, &point.regs.rdi,
        &point.regs.r8,  &point.regs.r9,  &point.regs.r10, &point.regs.r11,
        &point.regs.r12, &point.regs.r13, &point.regs.r14, &point.regs.r15,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        point.regs = regs;
        *fields[i] ^= 1ull << 63;
        uint64_t stops = tracee_resumes(), before = counter(&fixture);
        struct run_result result = run(&fixture, &conditions, 1000 * SPIN_INSTRUCTIONS);
        assert_int_equal(result.end, RUN_ENDED_AT_LIMIT);
        assert_true(counter(&fixture) == before + 1000);
        assert_true(tracee_resumes() - stops < 50);
    }
    point.regs = regs;
    point.regs.eflags ^= 0x800; /* overflow */
    struct run_result result = run(&fixture, &conditions, 1000 * SPIN_INSTRUCTIONS);
    assert_int_equal(result.end, RUN_ENDED_AT_LIMIT);
    end(&fixture);
}

static void an_unreadable_word_is_not_equal(void **state)
{
    struct run_point point;
    struct fixture fixture = at_first_visit(spin, spin_place, &point);
    const struct run_word words[] = {{taddr_of((uint64_t)&spin_counter), 500}, {taddr_of(16), 0}};
    const struct run_conditions conditions = {.point = &point};
    point.words = words;
    point.word_count = 2;
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(counter(&fixture) == VISITS);
    assert_true(result.count == (VISITS - 1) * SPIN_INSTRUCTIONS + 2);
    end(&fixture);
}

/* What the loop has summed up of its registers and flags at the call. */
static struct user_regs_struct mixed(bool with_point)
{
    struct run_point point;
    struct fixture fixture = at_first_visit(mix, mix_place, &point);
    const struct run_conditions conditions = {.point = with_point ? &point : NULL};
    point.regs.r15 = 1;
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    struct user_regs_struct regs = registers(&fixture);
    end(&fixture);
    return regs;
}

static void the_test_leaves_registers_and_flags_alone(void **state)
{
    const struct user_regs_struct with = mixed(true), without = mixed(false);
    assert_true(with.rdx == without.rdx && with.rcx == without.rcx && with.rax == without.rax);
    assert_true(with.eflags == without.eflags && with.rsp == without.rsp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_is_told_by_memory_alone),
        cmocka_unit_test(each_equal_visit_ends_a_run),
        cmocka_unit_test(one_other_register_is_another_state),
        cmocka_unit_test(an_unreadable_word_is_not_equal),
        cmocka_unit_test(the_test_leaves_registers_and_flags_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
