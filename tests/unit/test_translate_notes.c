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

static const struct breakpoint *places(void)
{
    static struct breakpoint both[2];
    both[0].address = taddr_of((uint64_t)turn_place);
    both[1].address = taddr_of((uint64_t)turn_seldom);
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

/* --- Watches ------------------------------------------------------------------------------- */

static void a_million_writes_are_no_stops(void **state)
{
    struct fixture fixture = begin(turn);
    const struct watch watches[] = {{taddr_of((uint64_t)&notes_often), 8, WATCHES_WRITES},
                                    {taddr_of((uint64_t)&notes_seldom), 8, WATCHES_WRITES}};
    const struct run_conditions conditions = {.watches = watches, .watch_count = 2, .notes = true};
    uint64_t stops = tracee_resumes();
    struct run_result result = run(&fixture, &conditions, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(tracee_resumes() - stops < 100);
    assert_true(result.last_hit.any && result.last_hit.is_watch && result.last_hit.watch == 0);
    assert_true(result.count - result.last_hit.count == 5);
    end(&fixture);
}

/* All kinds of accesses, to a buffer and to the stack. */
uint8_t accesses_buffer[512] __attribute__((aligned(64)));
extern const char accesses[];
__asm__(".text\n"
        "accesses: leaq accesses_buffer(%rip), %rbx\n"
        "  xorl %eax, %eax\n"
        "1: movq %rax, accesses_buffer+8(%rip)\n"
        "  movl $3, %edx\n"
        "  movb %al, 16(%rbx,%rdx,4)\n"
        "  movl 31(%rbx), %ecx\n"
        "  addw $7, 34(%rbx)\n"
        "  lock xaddl %ecx, 40(%rbx)\n"
        "  cmpxchgq %rcx, 48(%rbx)\n"
        "  movups %xmm0, 60(%rbx)\n"
        "  movups 76(%rbx), %xmm1\n"
        "  leaq 100(%rbx), %rdi\n"
        "  leaq 130(%rbx), %rsi\n"
        "  movl $13, %ecx\n"
        "  rep movsb\n"
        "  movl $2, %ecx\n"
        "  std\n"
        "  leaq 168(%rbx), %rdi\n"
        "  rep stosq\n"
        "  cld\n"
        "  xorl %ecx, %ecx\n"
        "  rep stosq\n"
        "  movsw\n"
        "  pushq %rbx\n"
        "  pushq 176(%rbx)\n"
        "  call 2f\n"
        "  popq 184(%rbx)\n"
        "  popq %rbx\n"
        "  btsq %rdx, 190(%rbx)\n"
        "  movnti %rax, 200(%rbx)\n"
        "  leaq 216(%rbx), %rdi\n"
        "  maskmovdqu %xmm0, %xmm1\n"
        "  fnstenv 240(%rbx)\n"
        "  andq $-16, %rsp\n"
        "  fxsave -1024(%rsp)\n"
        "  leaq 280(%rbx), %rdi\n"
        "  leaq 300(%rbx), %rsi\n"
        "  movl $9, %ecx\n"
        "  repe cmpsb\n"
        "  prefetcht0 310(%rbx)\n"
        "  nopl 320(%rbx)\n"
        "  lea 330(%rbx), %rcx\n"
        "  xchgb %cl, 336(%rbx)\n"
        "  movb %cl, 348(%rbx)\n"
        "  jmp 3f\n"
        "3: pushfq\n"
        "  popq %rcx\n"
        "  incl %r8d\n"
        "  cmpl $2, %r8d\n"
        "  jne 1b\n"
        "  syscall\n"
        "2: incb 345(%rbx)\n"
        "  enter $16, $0\n"
        "  leave\n"
        "  ret\n");

/* What debug registers tell, instruction by instruction, is what the notes tell. */
static void compare_watch(const struct watch *watch)
{
    struct fixture steps = begin(accesses);
    struct run_conditions conditions = {.watches = watch, .watch_count = 1, .notes = true};
    struct fixture whole = begin(accesses);
    struct run_result a = run(&whole, &conditions, FOREVER);
    struct run_result b = run_steps(&steps, &conditions, FOREVER);
    if (a.last_hit.any != b.last_hit.any || a.last_hit.count != b.last_hit.count)
        print_message("watch of %#lx, %lu bytes, access %u\n", watch->address.value, watch->length,
                      watch->access);
    same_note(&a, &b);
    end(&whole);
    end(&steps);
}

static void watches_see_what_debug_registers_see(void **state)
{
    uint64_t buffer = (uint64_t)accesses_buffer;
    for (uint64_t offset = 0; offset < 352; offset += 6) {
        const struct watch watch = {taddr_of(buffer + offset), 2,
                                    offset % 4 ? WATCHES_WRITES : WATCHES_WRITES | WATCHES_READS};
        compare_watch(&watch);
    }
}

static void watches_see_the_stack(void **state)
{
    struct fixture fixture = begin(accesses);
    uint64_t stack = registers(&fixture).rsp;
    end(&fixture);
    for (uint64_t offset = 1; offset < 7; offset++) {
        const struct watch watch = {taddr_of(stack - offset * 8), 8,
                                    offset % 2 ? WATCHES_WRITES : WATCHES_WRITES | WATCHES_READS};
        compare_watch(&watch);
    }
}

#define WATCHES 6
#define HITS_MAX 64

static bool is_among(const uint64_t *counts, size_t count, uint64_t value)
{
    for (size_t i = 0; i < count; i++)
        if (counts[i] == value)
            return true;
    return false;
}

/* Where runs stop that are ended by hits; returns how often. */
static size_t find_stops(struct error *(*runs)(struct fixture *, const struct run_conditions *,
                                               struct run_result *),
                         const struct run_conditions *conditions, uint64_t *counts, size_t count)
{
    struct fixture fixture = begin(accesses);
    struct run_result result = {.end = RUN_ENDED_AT_WATCH};
    uint64_t total = 0;
    while (result.end == RUN_ENDED_AT_WATCH) {
        no_error(runs(&fixture, conditions, &result));
        total += result.count;
        if (result.end == RUN_ENDED_AT_WATCH && !is_among(counts, count, total))
            counts[count++] = total;
        assert_true(count < HITS_MAX);
    }
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    end(&fixture);
    return count;
}

static struct error *by_engine(struct fixture *fixture, const struct run_conditions *conditions,
                               struct run_result *ret)
{
    return translator_run(fixture->translator, conditions, FOREVER, ret);
}

static struct error *by_steps(struct fixture *fixture, const struct run_conditions *conditions,
                              struct run_result *ret)
{
    return run_counted(fixture->tracee, conditions, FOREVER, ret);
}

/* A stop is right behind the instruction, also where a jump follows that needs no code. */
static void stops_are_those_of_single_steps(void **state)
{
    static const uint64_t offsets[] = {8, 34, 104, 345, 348};
    uint64_t engine[HITS_MAX], steps[HITS_MAX];
    for (size_t i = 0; i < ARRAY_LENGTH(offsets); i++) {
        const struct watch watch = {taddr_of((uint64_t)accesses_buffer + offsets[i]), 1,
                                    WATCHES_WRITES};
        const struct run_conditions conditions = {.watches = &watch, .watch_count = 1};
        size_t count = find_stops(by_engine, &conditions, engine, 0);
        assert_true(count && find_stops(by_steps, &conditions, steps, 0) == count);
        assert_memory_equal(engine, steps, count * sizeof(*steps));
    }
}

/* All at once they stop a run where each of them does, alone in a debug register. */
static void more_watches_than_registers_stop_as_each_does(void **state)
{
    static const uint64_t offsets[WATCHES] = {8, 28, 34, 104, 160, 345};
    struct watch watches[WATCHES];
    uint64_t together[HITS_MAX], alone[HITS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < WATCHES; i++)
        watches[i] = (struct watch){taddr_of((uint64_t)accesses_buffer + offsets[i]), 2,
                                    i % 2 ? WATCHES_WRITES : WATCHES_WRITES | WATCHES_READS};
    const struct run_conditions all = {.watches = watches, .watch_count = WATCHES};
    for (size_t i = 0; i < WATCHES; i++) {
        const struct run_conditions one = {.watches = &watches[i], .watch_count = 1};
        count = find_stops(by_steps, &one, alone, count);
    }
    assert_true(count > 4);
    assert_true(find_stops(by_engine, &all, together, 0) == count);
    for (size_t i = 0; i < count; i++)
        assert_true(is_among(alone, count, together[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_hits_are_no_stops),
        cmocka_unit_test(the_later_of_two_places_is_told),
        cmocka_unit_test(the_first_instruction_counts_and_the_end_does_not),
        cmocka_unit_test(notes_are_those_of_single_steps),
        cmocka_unit_test(a_million_writes_are_no_stops),
        cmocka_unit_test(watches_see_what_debug_registers_see),
        cmocka_unit_test(watches_see_the_stack),
        cmocka_unit_test(stops_are_those_of_single_steps),
        cmocka_unit_test(more_watches_than_registers_stop_as_each_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
