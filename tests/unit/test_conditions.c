/* Conditions of breakpoints: in translated code, in steps, natively, and as a target has them. */
#include "translated_child.h"

#define TURNS 1000000ull

/* rcx and a word count the turns; rbx mixes; the flags before `cond_place` are summed up in rdx. */
uint64_t cond_turns;
extern const char cond[], cond_place[];
__asm__(".text\n"
        "cond: leaq cond_turns(%rip), %rsi\n"
        "  leaq cond_turns-24(%rip), %rax\n"
        "  movq %rax, %r13\n"
        "1: incq cond_turns(%rip)\n"
        "  incq %rcx\n"
        "  rolq $7, %rbx\n"
        "  imulq $0x12345, %rbx, %rbx\n"
        "  leaq (%rbx,%rcx), %rax\n"
        "  addq %rax, %rbx\n"
        "cond_place: pushfq\n"
        "  popq %r8\n"
        "  addq %r8, %rdx\n"
        "  addq %rax, %rdx\n"
        "  rolq $3, %rdx\n"
        "  cmpq $1000000, cond_turns(%rip)\n"
        "  jne 1b\n"
        "  syscall\n");
#define PER_TURN 13ull
#define BEFORE_LOOP 3ull
#define TO_PLACE 6ull /* from the loop's start */

enum { RAX_, RCX_, RDX_, RBX_, RSP_, RBP_, RSI_, RDI_, R13_ = 13 };

static struct breakpoint at_place(struct condition condition)
{
    return (struct breakpoint){taddr_of((uint64_t)cond_place), condition};
}

static struct condition turns_are(uint8_t compare, uint64_t constant)
{
    return (struct condition){.operand = CONDITION_ON_MEMORY,
                              .reg = CONDITION_NO_REGISTER,
                              .offset = (uint64_t)&cond_turns,
                              .size = 8,
                              .compare = compare,
                              .constant = constant};
}

static uint64_t count_at(uint64_t turn)
{
    return BEFORE_LOOP + (turn - 1) * PER_TURN + TO_PLACE;
}

/* Of a million visits, one holds: the run gets there without stops, and on without any. */
static void the_one_visit_that_holds_ends_a_run(void **state)
{
    const struct breakpoint breakpoint = at_place(turns_are(IF_EQUAL, 777777));
    const struct run_conditions conditions = {.breakpoints = &breakpoint, .breakpoint_count = 1};
    struct fixture fixture = begin(cond);
    uint64_t stops = tracee_resumes();
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_BREAKPOINT);
    assert_true(result.count == count_at(777777));
    assert_true(registers(&fixture).rip == (uint64_t)cond_place);
    result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(tracee_resumes() - stops < 100);
    end(&fixture);
}

static void the_last_visit_that_holds_is_noted(void **state)
{
    const struct breakpoint breakpoint = at_place(turns_are(IF_LESS_OR_EQUAL, 31));
    const struct run_conditions conditions = {
        .breakpoints = &breakpoint, .breakpoint_count = 1, .notes = true};
    struct fixture fixture = begin(cond);
    uint64_t stops = tracee_resumes();
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(result.last_hit.any && result.last_hit.count == count_at(31));
    assert_true(tracee_resumes() - stops < 100);
    end(&fixture);
}

/* What the program computes of its registers and flags is what it computes by itself. */
static void the_program_notices_nothing(void **state)
{
    struct fixture without = begin(cond), with = begin(cond);
    const struct condition on_rax = {.operand = CONDITION_ON_REGISTER, .reg = RAX_, .size = 8};
    const struct breakpoint breakpoints[] = {at_place(turns_are(IF_EQUAL, 0)), at_place(on_rax)};
    for (int notes = 0; notes < 2; notes++) {
        const struct run_conditions conditions = {
            .breakpoints = breakpoints, .breakpoint_count = 2, .notes = notes};
        run(&without, NULL, 3000000);
        assert_int_equal(run(&with, &conditions, 3000000).end, RUN_ENDED_AT_LIMIT);
        struct user_regs_struct a = registers(&without), b = registers(&with);
        assert_memory_equal(&a, &b, sizeof(a));
    }
    end(&without);
    end(&with);
}

/* --- Engine against steps ------------------------------------------------------------------ */

static struct run_result run_steps(struct fixture *fixture, const struct run_conditions *conditions,
                                   uint64_t limit)
{
    struct run_result result;
    no_error(run_counted(fixture->tracee, conditions, limit, &result));
    return result;
}

/* Long enough for blocks to be entered by their gates: the last few instructions of a run are cut.
 */
#define PIECE 330

/* Stops, or notes, of some turns; *hits: how many. */
static void compare_with_steps(struct fixture *engine, struct fixture *steps,
                               const struct condition *condition, bool notes, uint64_t *hits)
{
    const struct breakpoint breakpoint = at_place(*condition);
    const struct run_conditions conditions = {
        .breakpoints = &breakpoint, .breakpoint_count = 1, .notes = notes};
    struct run_result a = run(engine, &conditions, PIECE), b = run_steps(steps, &conditions, PIECE);
    assert_int_equal(a.end, b.end);
    assert_true(a.count == b.count && a.last_hit.any == b.last_hit.any);
    assert_true(!a.last_hit.any || a.last_hit.count == b.last_hit.count);
    struct user_regs_struct c = registers(engine), d = registers(steps);
    assert_true(c.rip == d.rip && c.rax == d.rax && c.rdx == d.rdx && c.rbx == d.rbx);
    *hits += a.end == RUN_ENDED_AT_BREAKPOINT || a.last_hit.any;
}

/* Each register, size, sign and comparison; the constant is near the operand's value at some
 * visit, or of the other sign. */
static void engine_and_steps_agree(void **state)
{
    static const uint8_t sizes[] = {1, 2, 4, 8};
    struct fixture engine = begin(cond), steps = begin(cond);
    uint64_t hits = 0, runs = 0;
    for (unsigned i = 0; i < 16 * 4 * 2 * 6; i++, runs++) {
        struct user_regs_struct regs = registers(&engine);
        const unsigned long long values[] = {
            regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp, regs.rsi, regs.rdi,
            regs.r8,  regs.r9,  regs.r10, regs.r11, regs.r12, regs.r13, regs.r14, regs.r15};
        const uint64_t sign = 1ull << (8 * sizes[i / 16 % 4] - 1);
        const struct condition condition = {.operand = CONDITION_ON_REGISTER,
                                            .reg = i % 16,
                                            .size = sizes[i / 16 % 4],
                                            .is_signed = i / 64 % 2,
                                            .compare = (uint8_t)(i / 128 % 6),
                                            .constant =
                                                (values[i % 16] + i % 3) ^ (i % 7 < 3 ? sign : 0)};
        compare_with_steps(&engine, &steps, &condition, i % 5 == 0, &hits);
    }
    assert_true(hits > runs / 10 && hits < runs - runs / 10);
    end(&engine);
    end(&steps);
}

static void memory_operands_agree(void **state)
{
    static const uint8_t sizes[] = {1, 2, 4, 8};
    static const struct {
        uint8_t reg;
        uint64_t offset;
    } places[] = {{RSI_, 0}, {R13_, 24}, {RSI_, 4}, {RSP_, 8}, {RSP_, (uint64_t)-8}};
    struct fixture engine = begin(cond), steps = begin(cond);
    uint64_t hits = 0, runs = 0;
    for (unsigned i = 0; i < 5 * 4 * 2 * 6; i++, runs++) {
        const struct condition condition = {.operand = CONDITION_ON_MEMORY,
                                            .reg = places[i % 5].reg,
                                            .offset = places[i % 5].offset,
                                            .size = sizes[i / 5 % 4],
                                            .is_signed = i / 20 % 2,
                                            .compare = (uint8_t)(i / 40 % 6),
                                            .constant = i * 5};
        compare_with_steps(&engine, &steps, &condition, i % 7 == 0, &hits);
    }
    assert_true(hits > runs / 10 && hits < runs - runs / 10);
    end(&engine);
    end(&steps);
}

/* rax and an address that faults: not canonical, not mapped. The program gets its rax back. */
static void unreadable_memory_never_holds(void **state)
{
    static const uint64_t offsets[] = {16, 0x5555aaaa5555aaaa, UINT64_MAX};
    struct fixture engine = begin(cond), steps = begin(cond);
    uint64_t hits = 0;
    for (unsigned i = 0; i < 30; i++) {
        const struct condition condition = {.operand = CONDITION_ON_MEMORY,
                                            .reg = i % 2 ? CONDITION_NO_REGISTER : RCX_,
                                            .offset = offsets[i % 3],
                                            .size = 4,
                                            .compare = IF_NOT_EQUAL,
                                            .constant = 0x12345678};
        compare_with_steps(&engine, &steps, &condition, i % 4 == 0, &hits);
    }
    assert_true(hits == 0);
    end(&engine);
    end(&steps);
}

/* --- Several, and natively ----------------------------------------------------------------- */

static void any_of_several_is_enough(void **state)
{
    const struct breakpoint breakpoints[] = {
        at_place(turns_are(IF_EQUAL, 500)), at_place(turns_are(IF_EQUAL, 300)),
        at_place(turns_are(IF_GREATER, 999999)), at_place(turns_are(IF_EQUAL, 300))};
    static const uint64_t turns[] = {300, 500, TURNS};
    const struct run_conditions conditions = {.breakpoints = breakpoints, .breakpoint_count = 4};
    struct fixture fixture = begin(cond);
    uint64_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(turns); i++) {
        struct run_result result = run(&fixture, &conditions, FOREVER);
        count += result.count;
        assert_int_equal(result.end, RUN_ENDED_AT_BREAKPOINT);
        assert_true(count == count_at(turns[i]));
    }
    end(&fixture);
}

static void an_unconditional_one_always_stops(void **state)
{
    const struct breakpoint breakpoints[] = {at_place(turns_are(IF_EQUAL, 0)),
                                             at_place((struct condition){0})};
    const struct run_conditions conditions = {.breakpoints = breakpoints, .breakpoint_count = 2};
    struct fixture fixture = begin(cond);
    assert_true(run(&fixture, &conditions, FOREVER).count == count_at(1));
    assert_true(run(&fixture, &conditions, FOREVER).count == PER_TURN);
    end(&fixture);
}

static void native_runs_agree(void **state)
{
    const struct breakpoint breakpoint = at_place(turns_are(IF_EQUAL, 300));
    struct run_conditions conditions = {.breakpoints = &breakpoint, .breakpoint_count = 1};
    struct fixture native = begin(cond), counted = begin(cond);
    struct run_result result;
    no_error(run_native(native.tracee, &conditions, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_BREAKPOINT);
    run(&counted, &conditions, FOREVER);
    struct user_regs_struct a = registers(&native), b = registers(&counted);
    assert_true(a.rip == b.rip && a.rdx == b.rdx && a.rcx == b.rcx && a.rcx == 300);
    conditions.misses_max = 100;
    no_error(run_native(native.tracee, &conditions, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_LIMIT);
    assert_true(registers(&native).rcx == 400 && registers(&native).rip == (uint64_t)cond_place);
    end(&native);
    end(&counted);
}

/* What a condition reads is no access of the program's, although a debug register sees it. */
static void conditions_hit_no_watches(void **state)
{
    static uint64_t other;
    const struct watch watch = {taddr_of((uint64_t)&other), 8, WATCHES_WRITES | WATCHES_READS};
    const struct breakpoint breakpoint = at_place((struct condition){.operand = CONDITION_ON_MEMORY,
                                                                     .reg = CONDITION_NO_REGISTER,
                                                                     .offset = (uint64_t)&other,
                                                                     .size = 8,
                                                                     .compare = IF_NOT_EQUAL});
    const struct run_conditions conditions = {
        .breakpoints = &breakpoint, .breakpoint_count = 1, .watches = &watch, .watch_count = 1};
    struct fixture fixture = begin(cond), without = begin(cond);
    struct run_result result = run(&fixture, &conditions, 200 * PER_TURN);
    assert_int_equal(result.end, RUN_ENDED_AT_LIMIT);
    run(&without, NULL, 200 * PER_TURN);
    struct user_regs_struct a = registers(&fixture), b = registers(&without);
    assert_true(a.rip == b.rip && a.rax == b.rax && a.rdx == b.rdx && a.rcx == b.rcx);
    end(&fixture);
    end(&without);
}

/* A run's conditions are its own. */
static void another_run_has_other_conditions(void **state)
{
    struct fixture fixture = begin(cond);
    uint64_t count = 0;
    for (uint64_t turn = 10; turn < 200; turn += 10) {
        const struct breakpoint breakpoint = at_place(turns_are(IF_GREATER_OR_EQUAL, turn));
        const struct run_conditions conditions = {.breakpoints = &breakpoint,
                                                  .breakpoint_count = turn % 20 ? 1 : 0};
        struct run_result result = run(&fixture, &conditions, 150);
        count += result.count;
        assert_true(result.end == RUN_ENDED_AT_LIMIT ||
                    (turn % 20 && count >= count_at(turn) && count < count_at(turn) + 150));
    }
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_visit_that_holds_ends_a_run),
        cmocka_unit_test(the_last_visit_that_holds_is_noted),
        cmocka_unit_test(the_program_notices_nothing),
        cmocka_unit_test(engine_and_steps_agree),
        cmocka_unit_test(memory_operands_agree),
        cmocka_unit_test(unreadable_memory_never_holds),
        cmocka_unit_test(any_of_several_is_enough),
        cmocka_unit_test(an_unconditional_one_always_stops),
        cmocka_unit_test(native_runs_agree),
        cmocka_unit_test(conditions_hit_no_watches),
        cmocka_unit_test(another_run_has_other_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
