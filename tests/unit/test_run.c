/* Running a task natively and counted: breakpoints, watches, string instructions, and what stepping
 * must hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/count/run.h"
#include "engine/count/step.h"

#define VISITS 10

static volatile int visits;
static volatile uint64_t pushed_flags;
static volatile char buffer[4096];

__attribute__((noinline)) static void visit(void)
{
    visits++;
}

__attribute__((noinline)) static void fill(void)
{
    char *to = (char *)buffer;
    uint64_t count = sizeof(buffer);
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"('x') : "memory");
}

__attribute__((noinline)) static void push_flags(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
    pushed_flags = flags;
}

/* What the traced child does between its two system calls. */
static void work(void)
{
    for (int i = 0; i < VISITS; i++)
        visit();
    fill();
    push_flags();
}

static void no_error(struct error *error)
{
    if (error)
        fail_msg("%s", error_message(error));
}

/* A child that stands at the end of its getppid call, about to work. */
static struct tracee *start_child(void)
{
    struct tracee *tracee;
    struct stop stop;
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        getppid();
        work();
        getppid();
        _exit(0);
    }
    no_error(tracee_create(pid, &tracee));
    no_error(tracee_wait(tracee, &stop));
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    struct run_result result;
    do { /* raise() ends with calls of its own */
        struct user_regs_struct *regs;
        no_error(run_native(tracee, NULL, &result));
        assert_int_equal(result.end, RUN_ENDED_AT_CALL);
        no_error(tracee_regs(tracee, &regs));
        if (regs->orig_rax == 110 /* getppid */)
            break;
        regs->rax = 0;
        tracee_regs_changed(tracee);
    } while (true);
    return tracee;
}

static void end_child(struct tracee *tracee)
{
    kill(tracee_tid(tracee), SIGKILL);
    waitpid(tracee_tid(tracee), NULL, __WALL);
    tracee_destroy(tracee);
}

static uint64_t pc_of(struct tracee *tracee)
{
    struct user_regs_struct *regs;
    no_error(tracee_regs(tracee, &regs));
    return regs->rip;
}

static int visits_of(struct tracee *tracee)
{
    int value;
    no_error(tracee_read(tracee, taddr_of((uint64_t)&visits), &value, sizeof(value)));
    return value;
}

static taddr at_visit(void)
{
    return taddr_of((uint64_t)&visit);
}

/* The five steps of going on from a breakpoint: each visit is seen once, and the memory never shows
 * a trap. */
static void each_visit_stops_once(void **state)
{
    struct tracee *tracee = start_child();
    const struct breakpoint breakpoint = {.address = at_visit()};
    const struct run_conditions conditions = {.breakpoints = &breakpoint, .breakpoint_count = 1};
    uint8_t byte;
    for (int i = 0; i < VISITS; i++) {
        struct run_result result;
        no_error(run_native(tracee, &conditions, &result));
        assert_int_equal(result.end, RUN_ENDED_AT_BREAKPOINT);
        assert_true(pc_of(tracee) == breakpoint.address.value);
        assert_int_equal(visits_of(tracee), i);
        no_error(tracee_read(tracee, breakpoint.address, &byte, 1));
        assert_int_equal(byte, *(const uint8_t *)&visit);
    }
    struct run_result result;
    no_error(run_native(tracee, &conditions, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_int_equal(visits_of(tracee), VISITS);
    end_child(tracee);
}

static uint64_t count_to_call(struct tracee *tracee)
{
    struct run_result result;
    no_error(run_counted(tracee, NULL, UINT64_MAX, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    return result.count;
}

static void counts_are_the_same_each_time(void **state)
{
    struct tracee *first = start_child(), *second = start_child();
    uint64_t count = count_to_call(first);
    assert_true(count > 0);
    /* The string instruction counts once, or there would be thousands. */
    assert_true(count < 1000);
    uint64_t sum = 0;
    struct run_result result = {.end = RUN_ENDED_AT_LIMIT};
    while (result.end == RUN_ENDED_AT_LIMIT) {
        no_error(run_counted(second, NULL, 7, &result));
        sum += result.count;
    }
    assert_true(sum == count);
    struct user_regs_struct *a, *b;
    no_error(tracee_regs(first, &a));
    no_error(tracee_regs(second, &b));
    assert_true(a->rip == b->rip && a->rsp == b->rsp && a->rbx == b->rbx);
    end_child(first);
    end_child(second);
}

/* Both ways of running meet the same conditions, in the same places. */
static void counted_runs_agree_with_native_ones(void **state)
{
    struct tracee *native = start_child(), *counted = start_child();
    const struct breakpoint breakpoint = {.address = at_visit()};
    const struct watch watch = {taddr_of((uint64_t)&visits), sizeof(visits), WATCHES_WRITES};
    const struct run_conditions conditions = {
        .breakpoints = &breakpoint, .breakpoint_count = 1, .watches = &watch, .watch_count = 1};
    struct run_result a, b;
    int watch_hits = 0;
    do {
        no_error(run_native(native, &conditions, &a));
        no_error(run_counted(counted, &conditions, UINT64_MAX, &b));
        assert_int_equal(a.end, b.end);
        watch_hits += a.end == RUN_ENDED_AT_WATCH;
        if (a.end != RUN_ENDED_AT_CALL) /* natively the call has been entered */
            assert_true(pc_of(native) == pc_of(counted));
    } while (a.end != RUN_ENDED_AT_CALL);
    assert_int_equal(watch_hits, VISITS);
    end_child(native);
    end_child(counted);
}

/* A watch in the middle of what a string instruction writes: the stop comes behind the whole
 * instruction. */
static void no_stop_splits_a_string_instruction(void **state)
{
    struct tracee *native = start_child(), *counted = start_child();
    const struct watch watch = {taddr_of((uint64_t)&buffer[100]), 1, WATCHES_WRITES};
    const struct run_conditions conditions = {.watches = &watch, .watch_count = 1};
    struct run_result result;
    char last;
    no_error(run_native(native, &conditions, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_WATCH);
    no_error(tracee_read(native, taddr_of((uint64_t)&buffer[sizeof(buffer) - 1]), &last, 1));
    assert_int_equal(last, 'x');
    no_error(run_counted(counted, &conditions, UINT64_MAX, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_WATCH);
    assert_true(pc_of(native) == pc_of(counted));
    end_child(native);
    end_child(counted);
}

static void more_watches_than_registers_are_compared(void **state)
{
    struct tracee *tracee = start_child();
    const struct watch watches[] = {{taddr_of((uint64_t)&buffer[1]), 41, WATCHES_WRITES},
                                    {taddr_of((uint64_t)&visits), sizeof(visits), WATCHES_WRITES}};
    const struct run_conditions conditions = {.watches = watches, .watch_count = 2};
    struct run_result result;
    assert_false(run_fits(&conditions));
    no_error(run_counted(tracee, &conditions, UINT64_MAX, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_WATCH);
    assert_int_equal(result.watch, 1);
    assert_int_equal(visits_of(tracee), 1);
    end_child(tracee);
}

/* Stops at reads of `visits`; its increments write it as well, and are writes. */
static void watches_of_reads_leave_writes_alone(void **state)
{
    struct tracee *tracee = start_child();
    const struct watch watch = {taddr_of((uint64_t)&visits), sizeof(visits), WATCHES_READS};
    const struct run_conditions conditions = {.watches = &watch, .watch_count = 1};
    struct run_result result;
    int hits = 0;
    do {
        int before = visits_of(tracee);
        no_error(run_native(tracee, &conditions, &result));
        if (result.end == RUN_ENDED_AT_WATCH) {
            hits++;
            assert_true(visits_of(tracee) - before <= 1);
        }
    } while (result.end == RUN_ENDED_AT_WATCH);
    assert_true(hits == 0 || hits == VISITS); /* one instruction, or a load and a store */
    end_child(tracee);
}

static void the_trap_flag_does_not_show(void **state)
{
    struct tracee *tracee = start_child();
    uint64_t flags;
    count_to_call(tracee);
    no_error(tracee_read(tracee, taddr_of((uint64_t)&pushed_flags), &flags, sizeof(flags)));
    assert_true(flags != 0);
    assert_false(flags & 0x100);
    end_child(tracee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_visit_stops_once),
        cmocka_unit_test(counts_are_the_same_each_time),
        cmocka_unit_test(counted_runs_agree_with_native_ones),
        cmocka_unit_test(no_stop_splits_a_string_instruction),
        cmocka_unit_test(more_watches_than_registers_are_compared),
        cmocka_unit_test(watches_of_reads_leave_writes_alone),
        cmocka_unit_test(the_trap_flag_does_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
