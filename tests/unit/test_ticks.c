/* Ticks: a native run that wants them is stopped by them, between two instructions; nothing else
 * is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/count/run.h"
#include "engine/tracee/ticks.h"

#define TICK_NS 5000000ull
#define TURNS 12000u
#define FILLED (256u << 10)

static volatile bool may_go;
static uint8_t filled[FILLED];
static volatile uint64_t sum;

/* Half of the time within string instructions, which leave all bytes equal. */
static void work(void)
{
    for (unsigned turn = 0; turn < TURNS; turn++) {
        uint8_t *to = filled;
        uint64_t count = sizeof(filled);
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"((uint8_t)turn) : "memory");
        for (unsigned i = 0; i < 10000; i++)
            sum += i;
    }
}

static void no_error(struct error *error)
{
    if (error)
        fail_msg("%s", error_message(error));
}

/* A child that is about to work, and then to make a call. */
static struct tracee *start_child(void)
{
    struct tracee *tracee;
    struct stop stop;
    const bool go = true;
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (write(ready[1], &byte, 1) != 1) /* libc's own calls are made */
            _exit(1);
        while (!may_go)
            ;
        work();
        getppid();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    no_error(tracee_create(pid, &tracee));
    assert_int_equal(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD), 0);
    no_error(tracee_interrupt(tracee));
    no_error(tracee_wait(tracee, &stop));
    no_error(tracee_write(tracee, taddr_of((uint64_t)&may_go), &go, sizeof(go)));
    return tracee;
}

static void end_child(struct tracee *tracee)
{
    kill(tracee_tid(tracee), SIGKILL);
    waitpid(tracee_tid(tracee), NULL, __WALL);
    tracee_destroy(tracee);
}

static bool is_evenly_filled(struct tracee *tracee)
{
    static uint8_t bytes[FILLED];
    no_error(tracee_read(tracee, taddr_of((uint64_t)filled), bytes, sizeof(bytes)));
    return memcmp(bytes, bytes + 1, sizeof(bytes) - 1) == 0;
}

static void ticks_stop_runs_between_instructions(void **state)
{
    const struct run_conditions conditions = {.ticks = true};
    struct tracee *tracee = start_child();
    struct run_result result;
    struct ticks ticks;
    unsigned met = 0;
    ticks_start(tracee_tid(tracee), TICK_NS, &ticks);
    assert_true(ticks.running);
    do {
        no_error(run_native(tracee, &conditions, &result));
        met += result.end == RUN_ENDED_AT_TICK;
        assert_true(is_evenly_filled(tracee));
    } while (result.end == RUN_ENDED_AT_TICK);
    ticks_stop(&ticks);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(met > 1);
    end_child(tracee);
}

static void other_runs_pass_over_them(void **state)
{
    const struct run_conditions conditions = {.ticks = false};
    struct tracee *tracee = start_child();
    struct run_result result;
    struct ticks ticks;
    no_error(tracee_interrupt(tracee)); /* as a tick does that comes too late */
    no_error(run_counted(tracee, NULL, 7, &result));
    assert_int_equal(result.end, RUN_ENDED_AT_LIMIT);
    assert_int_equal(result.count, 7);
    ticks_start(tracee_tid(tracee), TICK_NS, &ticks);
    no_error(run_native(tracee, &conditions, &result));
    ticks_stop(&ticks);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    end_child(tracee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_stop_runs_between_instructions),
        cmocka_unit_test(other_runs_pass_over_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
