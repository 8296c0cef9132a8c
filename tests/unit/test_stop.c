/* Wait statuses as the kernel makes them (wait(2), ptrace(2)). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "engine/tracee/stop.h"

static int stopped(int signal, int event)
{
    return event << 16 | signal << 8 | 0x7f;
}

static void ends(void **state)
{
    struct stop stop = stop_classify(7 << 8);
    assert_int_equal(stop.kind, STOP_EXITED);
    assert_int_equal(stop.status, 7 << 8);
    stop = stop_classify(SIGKILL);
    assert_int_equal(stop.kind, STOP_KILLED);
    assert_int_equal(stop.signal, SIGKILL);
}

static void stops(void **state)
{
    static const struct {
        int signal, event;
        enum stop_kind kind;
    } rows[] = {
        {SIGTRAP | 0x80, 0, STOP_CALL},
        {SIGTRAP, PTRACE_EVENT_SECCOMP, STOP_SECCOMP},
        {SIGTRAP, PTRACE_EVENT_FORK, STOP_FORK},
        {SIGTRAP, PTRACE_EVENT_VFORK, STOP_VFORK},
        {SIGTRAP, PTRACE_EVENT_CLONE, STOP_CLONE},
        {SIGTRAP, PTRACE_EVENT_VFORK_DONE, STOP_VFORK_DONE},
        {SIGTRAP, PTRACE_EVENT_EXEC, STOP_EXEC},
        {SIGTRAP, PTRACE_EVENT_EXIT, STOP_EXITING},
        {SIGTRAP, PTRACE_EVENT_STOP, STOP_TRAP},
        {SIGSTOP, PTRACE_EVENT_STOP, STOP_GROUP},
        {SIGTSTP, PTRACE_EVENT_STOP, STOP_GROUP},
        {SIGTRAP, 0, STOP_SIGNAL},
        {SIGSEGV, 0, STOP_SIGNAL},
        {34, 0, STOP_SIGNAL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(stop_classify(stopped(rows[i].signal, rows[i].event)).kind, rows[i].kind);
    assert_int_equal(stop_classify(stopped(SIGSEGV, 0)).signal, SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends), cmocka_unit_test(stops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
