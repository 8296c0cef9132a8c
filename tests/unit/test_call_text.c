/* Calls, results, signals and errors as text. */
#include "call_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "engine/syscall/call_text.h"

static void expect(void (*writer)(struct buffer *, const struct call *), struct call call,
                   const char *expected)
{
    struct buffer buffer = {0};
    writer(&buffer, &call);
    buffer_put_u8(&buffer, 0);
    assert_string_equal((const char *)buffer.data, expected);
    buffer_deinit(&buffer);
}

#define TEXT(call, expected) expect(call_text, call, expected)
#define RESULT(call, expected) expect(call_result_text, call, expected)

static void arguments_by_kind(void **state)
{
    TEXT(CALL_OF(__NR_openat, 0, (uint32_t)AT_FDCWD, 0x7ffe10, O_CLOEXEC),
         "openat(AT_FDCWD, 0x7ffe10, O_RDONLY|O_CLOEXEC)");
    TEXT(CALL_OF(__NR_openat, 0, 3, 0x10, O_WRONLY | O_CREAT | O_TRUNC, 0644),
         "openat(3, 0x10, O_WRONLY|O_CREAT|O_TRUNC, 0644)");
    TEXT(CALL_OF(__NR_mmap, 0, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                 UINT64_MAX, 0),
         "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)");
    TEXT(CALL_OF(__NR_mprotect, 0, 0x1000, 4096, 0), "mprotect(0x1000, 4096, PROT_NONE)");
    TEXT(CALL_OF(__NR_clone, 0, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0),
         "clone(CLONE_VM|CLONE_VFORK|SIGCHLD, NULL, 0x0, NULL, NULL)");
    TEXT(CALL_OF(__NR_tgkill, 0, 5, 6, 34), "tgkill(5, 6, SIGRT2)");
    TEXT(CALL_OF(__NR_kill, 0, 5, 0), "kill(5, 0)");
    TEXT(CALL_OF(__NR_chmod, 0, 0x10, 0755), "chmod(0x10, 0755)");
    TEXT(CALL_OF(__NR_ioctl, 0, 1, TCGETS, 0x10), "ioctl(1, TCGETS, 0x10)");
    TEXT(CALL_OF(__NR_ioctl, 0, 1, 0x12345678, 0x10), "ioctl(1, 0x12345678, 0x10)");
    TEXT(CALL_OF(__NR_socket, 0, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
         "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0)");
    TEXT(CALL_OF(__NR_lseek, 0, 3, (uint64_t)-8, SEEK_END), "lseek(3, -8, SEEK_END)");
    TEXT(CALL_OF(__NR_madvise, 0, 0x1000, 1, MADV_DONTNEED), "madvise(0x1000, 1, MADV_DONTNEED)");
    TEXT(CALL_OF(__NR_madvise, 0, 0x1000, 1, 99), "madvise(0x1000, 1, 0x63)");
    TEXT(CALL_OF(__NR_getpid, 0, 1, 2, 3), "getpid()");
    TEXT(CALL_OF(9999, 0, 1, 2, 3, 4, 5, 6), "call_9999(0x1, 0x2, 0x3, 0x4, 0x5, 0x6)");
}

static void every_row_has_a_text(void **state)
{
    for (uint64_t number = 0; number < call_row_count(); number++) {
        struct buffer buffer = {0};
        const struct call call = CALL_OF(number, 0, 1, 2, 3, 4, 5, 6);
        call_text(&buffer, &call);
        assert_false(buffer.failed);
        assert_true(buffer.size > 3);
        buffer_deinit(&buffer);
    }
}

static void results(void **state)
{
    RESULT(CALL_OF(__NR_read, 3), "= 3");
    RESULT(CALL_OF(__NR_read, -ENOENT), "= -2 ENOENT");
    RESULT(CALL_OF(__NR_read, -512), "= -512 ERESTARTSYS");
    RESULT(CALL_OF(__NR_read, -4000), "= -4000");
    RESULT(CALL_OF(__NR_mmap, 0x7f0000001000), "= 0x7f0000001000");
    RESULT(CALL_OF(__NR_munmap, 0), "= 0");
}

static void names(void **state)
{
    assert_string_equal(errno_name(EAGAIN), "EAGAIN");
    assert_string_equal(errno_name(516), "ERESTART_RESTARTBLOCK");
    assert_null(errno_name(0));
    assert_null(errno_name(100000));
    for (int signal = -1; signal < 100; signal++)
        assert_non_null(signal_name(signal));
    assert_string_equal(signal_name(SIGSEGV), "SIGSEGV");
    assert_string_equal(signal_name(SIGSYS), "SIGSYS");
    assert_string_equal(signal_name(35), "SIGRT3");
    assert_string_equal(signal_name(64), "SIGRT32");
    assert_string_equal(signal_name(65), "SIG?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_by_kind),
        cmocka_unit_test(every_row_has_a_text),
        cmocka_unit_test(results),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
