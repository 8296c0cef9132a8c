/* The tracer without rdtsc: what reads the clock keeps working. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "engine/tracee/tsc_trap.h"

static int setting(void)
{
    int value = 0;
    prctl(PR_GET_TSC, &value, 0, 0, 0);
    return value;
}

static void instructions_are_answered(void **state)
{
    uint32_t processor, inside, direct;
    uint64_t before = __rdtsc();
    tsc_trap_join();
    assert_int_equal(setting(), PR_TSC_SIGSEGV);
    uint64_t trapped = __rdtsc(), with_processor = __rdtscp(&inside);
    uint64_t read = tsc_read(&processor);
    assert_int_equal(setting(), PR_TSC_SIGSEGV);
    tsc_trap_leave();
    assert_int_equal(setting(), PR_TSC_ENABLE);
    uint64_t after = __rdtscp(&direct);
    assert_true(before < trapped && trapped < with_processor);
    assert_true(with_processor < read && read < after);
}

static void the_clock_goes_on(void **state)
{
    struct timespec first, second;
    tsc_trap_join();
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &first), 0);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &second), 0);
    tsc_trap_leave();
    assert_true(second.tv_sec > first.tv_sec ||
                (second.tv_sec == first.tv_sec && second.tv_nsec > first.tv_nsec));
}

/* A real fault still kills, and so does one that looks like a trap of rdtsc. */
static void faults_are_faults(void **state)
{
    /* Not canonical: a general protection fault, as from rdtsc. */
    volatile char *volatile wild = (volatile char *)(1ul << 63);
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL); /* not a sanitizer's report */
        tsc_trap_join();
        *wild = 0;
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_answered),
        cmocka_unit_test(the_clock_goes_on),
        cmocka_unit_test(faults_are_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
