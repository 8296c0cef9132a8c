/* What calls write and what they send: one check a form, all irregular forms among them. */
#include "call_fixture.h"

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/quota.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define A 0x20000ull
#define B 0x30000ull
#define C 0x40000ull
#define D 0x50000ull

#define MAX_RANGES 8

/* Expected ranges: address, length, …; ended by an address of 0. */
static void compare(const struct call *call, const struct memory_ranges *ranges,
                    const uint64_t *expected)
{
    size_t count = 0;
    for (; expected[2 * count]; count++) {
        if (count >= ranges->count)
            fail_msg("call %lu gave %zu ranges only", (unsigned long)call->number, ranges->count);
        if (ranges->range[count].address.value != expected[2 * count] ||
            ranges->range[count].length != expected[2 * count + 1])
            fail_msg("call %lu: range %zu is %#lx + %lu", (unsigned long)call->number, count,
                     (unsigned long)ranges->range[count].address.value,
                     (unsigned long)ranges->range[count].length);
    }
    if (ranges->count != count)
        fail_msg("call %lu gave %zu ranges", (unsigned long)call->number, ranges->count);
}

static void expect_outputs(struct call call, const uint64_t *expected)
{
    struct memory_ranges ranges = {0};
    assert_null(call_outputs(&call, &arena_view, &ranges));
    compare(&call, &ranges, expected);
    memory_ranges_deinit(&ranges);
}

static void expect_inputs(struct call call, const uint64_t *expected)
{
    struct memory_ranges ranges = {0};
    assert_null(call_inputs(&call, &arena_view, &ranges));
    compare(&call, &ranges, expected);
    memory_ranges_deinit(&ranges);
}

#define OUTPUTS(call, ...) expect_outputs(call, (const uint64_t[2 * MAX_RANGES + 1]){__VA_ARGS__})
#define INPUTS(call, ...) expect_inputs(call, (const uint64_t[2 * MAX_RANGES + 1]){__VA_ARGS__})
#define NOTHING_FROM(call) OUTPUTS(call, 0)

static void fixed_structures(void **state)
{
    OUTPUTS(CALL_OF(__NR_fstat, 0, 3, A), A, 144);
    NOTHING_FROM(CALL_OF(__NR_fstat, -EBADF, 3, A));
    NOTHING_FROM(CALL_OF(__NR_gettimeofday, 0, 0, 0));
    OUTPUTS(CALL_OF(__NR_gettimeofday, 0, A, B), A, 16, B, 8);
    OUTPUTS(CALL_OF(__NR_statx, 0, 3, A, 0, 0, B), B, 256);
    OUTPUTS(CALL_OF(__NR_wait4, 7, -1, A, 0, B), A, 4, B, 144);
    OUTPUTS(CALL_OF(__NR_pipe2, 0, A, 0), A, 8);
    OUTPUTS(CALL_OF(__NR_socketpair, 0, 1, 1, 0, A), A, 8);
    OUTPUTS(CALL_OF(__NR_rt_sigaction, 0, 1, A, B, 8), B, 32);
    OUTPUTS(CALL_OF(__NR_uname, 0, A), A, 390);
    OUTPUTS(CALL_OF(__NR_prlimit64, 0, 0, 3, A, B), B, 16);
    OUTPUTS(CALL_OF(__NR_timer_create, 0, 0, A, B), B, 4);
    OUTPUTS(CALL_OF(__NR_clock_adjtime, 0, 0, A), A, 208);
    OUTPUTS(CALL_OF(__NR_getcpu, 0, A, B, C), A, 4, B, 4);
}

static void sizes_from_arguments(void **state)
{
    OUTPUTS(CALL_OF(__NR_poll, 1, A, 3, 0), A, 24);
    OUTPUTS(CALL_OF(__NR_poll, -EINTR, A, 3, 0), A, 24);
    OUTPUTS(CALL_OF(__NR_poll, -516, A, 3, 0), A, 24);
    NOTHING_FROM(CALL_OF(__NR_poll, -EINVAL, A, UINT32_MAX, 0));
    OUTPUTS(CALL_OF(__NR_ppoll, 0, A, 1, B, 0, 8), A, 8, B, 16);
    OUTPUTS(CALL_OF(__NR_rt_sigprocmask, 0, 0, 0, A, 8), A, 8);
    OUTPUTS(CALL_OF(__NR_move_pages, 0, 0, 3, A, 0, B, 0), B, 12);
    OUTPUTS(CALL_OF(__NR_sched_getattr, 0, 0, A, 56, 0), A, 56);
    OUTPUTS(CALL_OF(__NR_sched_setattr, -E2BIG, 0, A, 0), A, 4);
}

static void sizes_from_the_result(void **state)
{
    OUTPUTS(CALL_OF(__NR_read, 10, 3, A, 100), A, 10);
    OUTPUTS(CALL_OF(__NR_read, 200, 3, A, 100), A, 100); /* never more than was handed over */
    NOTHING_FROM(CALL_OF(__NR_read, 0, 3, A, 100));
    NOTHING_FROM(CALL_OF(__NR_read, -EINTR, 3, A, 100));
    OUTPUTS(CALL_OF(__NR_epoll_wait, 2, 3, A, 10, 0), A, 24);
    NOTHING_FROM(CALL_OF(__NR_getxattr, 40, A, B, C, 0)); /* asks for the size */
    OUTPUTS(CALL_OF(__NR_getxattr, 40, A, B, C, 64), C, 40);
    NOTHING_FROM(CALL_OF(__NR_getgroups, 5, 0, A));
    OUTPUTS(CALL_OF(__NR_getgroups, 5, 8, A), A, 20);
    OUTPUTS(CALL_OF(__NR_readlink, 7, A, B, 0xffffffff00000010), B, 7); /* an int */
    OUTPUTS(CALL_OF(__NR_sched_getaffinity, 8, 0, 128, A), A, 8);
    OUTPUTS(CALL_OF(__NR_getcwd, 6, A, 4096), A, 6);
    OUTPUTS(CALL_OF(458 /* listmount */, 3, A, B, 10, 0), B, 24);
}

static void lengths_in_memory(void **state)
{
    poke_u32(B, 16);
    OUTPUTS(CALL_OF(__NR_accept, 5, 3, A, B), A, 16, B, 4);
    OUTPUTS(CALL_OF(__NR_recvfrom, 5, 3, C, 10, 0, A, B), C, 5, A, 16, B, 4);
    OUTPUTS(CALL_OF(__NR_recvfrom, 5, 3, C, 10, 0, 0, 0), C, 5);
    poke_u32(B, 5000);
    OUTPUTS(CALL_OF(__NR_getsockname, 0, 3, A, B), A, 128, B, 4);
    OUTPUTS(CALL_OF(__NR_accept, 5, 3, A, 0x10), 0x10, 4);
}

static void socket_options(void **state)
{
    poke_u32(B, 4);
    OUTPUTS(CALL_OF(__NR_getsockopt, 0, 3, SOL_SOCKET, SO_ERROR, A, B), B, 4, A, 4);
    OUTPUTS(CALL_OF(__NR_getsockopt, 0, 3, SOL_SOCKET, SO_GET_FILTER, A, B), B, 4, A, 32);
    OUTPUTS(CALL_OF(__NR_getsockopt, -ERANGE, 3, SOL_SOCKET, SO_PEERSEC, A, B), B, 4);
}

static void poke_two_buffers(void)
{
    poke_iovec(A, B, 10);
    poke_iovec(A + 16, C, 20);
}

static void iovecs(void **state)
{
    poke_two_buffers();
    OUTPUTS(CALL_OF(__NR_readv, 25, 3, A, 2), B, 10, C, 15);
    OUTPUTS(CALL_OF(__NR_readv, 10, 3, A, 2), B, 10);
    OUTPUTS(CALL_OF(__NR_process_vm_readv, 12, 9, A, 2, D, 1, 0), B, 10, C, 2);
    OUTPUTS(CALL_OF(__NR_vmsplice, 12, 3, A, 2, 0), B, 10, C, 2);
    NOTHING_FROM(CALL_OF(__NR_readv, 25, 3, A, 1025));
    NOTHING_FROM(CALL_OF(__NR_readv, 25, 3, 0x10, 2));
    NOTHING_FROM(CALL_OF(__NR_readv, 25, 3, ARENA_BASE + ARENA_BYTES - 16, 2));
    poke_u64(A + 8, UINT64_MAX);
    OUTPUTS(CALL_OF(__NR_readv, 25, 3, A, 2), B, 25);
}

static void messages(void **state)
{
    poke_two_buffers();
    poke_message(D, C + 0x100, 16, A, 2, C + 0x200, 24);
    OUTPUTS(CALL_OF(__NR_recvmsg, 12, 3, D, 0), D + 8, 4, D + 40, 8, D + 48, 4, C + 0x100, 16, B,
            10, C, 2, C + 0x200, 24);
    NOTHING_FROM(CALL_OF(__NR_recvmsg, -EAGAIN, 3, D, 0));
    NOTHING_FROM(CALL_OF(__NR_recvmsg, 12, 3, 0x10, 0));
}

static void arrays_of_messages(void **state)
{
    poke_two_buffers();
    poke_message(D, 0, 0, A, 1, 0, 0);
    poke_u32(D + 56, 3);
    poke_message(D + 64, 0, 0, A + 16, 1, 0, 0);
    poke_u32(D + 64 + 56, 4);
    OUTPUTS(CALL_OF(__NR_recvmmsg, 1, 3, D, 2, 0, 0), D + 8, 4, D + 40, 8, D + 48, 4, B, 3, D + 56,
            4);
    OUTPUTS(CALL_OF(__NR_sendmmsg, 2, 3, D, 2, 0), D + 56, 4, D + 120, 4);
    INPUTS(CALL_OF(__NR_sendmmsg, 2, 3, D, 2, 0), B, 3, C, 4);
}

static void what_is_sent(void **state)
{
    poke_two_buffers();
    poke_message(D, 0, 0, A, 2, 0, 0);
    INPUTS(CALL_OF(__NR_write, 5, 1, A, 10), A, 5);
    INPUTS(CALL_OF(__NR_write, -EPIPE, 1, A, 10), 0);
    INPUTS(CALL_OF(__NR_writev, 12, 1, A, 2), B, 10, C, 2);
    INPUTS(CALL_OF(__NR_pwritev2, 12, 1, A, 2, 0, 0, 0), B, 10, C, 2);
    INPUTS(CALL_OF(__NR_sendto, 5, 1, A, 10, 0, B, 16), A, 5);
    INPUTS(CALL_OF(__NR_sendmsg, 11, 1, D, 0), B, 10, C, 1);
    INPUTS(CALL_OF(__NR_vmsplice, 11, 1, A, 2, 0), B, 10, C, 1);
    INPUTS(CALL_OF(__NR_read, 5, 1, A, 10), 0);
}

static void select_family(void **state)
{
    OUTPUTS(CALL_OF(__NR_select, 1, 65, A, 0, B, C), C, 16, A, 16, B, 16);
    OUTPUTS(CALL_OF(__NR_pselect6, 0, 3, A, 0, 0, C, D), C, 16, A, 8);
    OUTPUTS(CALL_OF(__NR_select, -514, 3, A, 0, 0, C), C, 16, A, 8);
    OUTPUTS(CALL_OF(__NR_select, -EINVAL, (uint32_t)-1, A, 0, 0, C), C, 16); /* the time left */
}

static void sleeping(void **state)
{
    NOTHING_FROM(CALL_OF(__NR_nanosleep, 0, A, B));
    OUTPUTS(CALL_OF(__NR_nanosleep, -EINTR, A, B), B, 16);
    OUTPUTS(CALL_OF(__NR_clock_nanosleep, -516, 0, 0, A, B), B, 16);
    NOTHING_FROM(CALL_OF(__NR_clock_nanosleep, -EINVAL, 0, 0, A, B));
}

static void futexes(void **state)
{
    NOTHING_FROM(CALL_OF(__NR_futex, 0, A, FUTEX_WAIT_PRIVATE, 0, 0, B));
    NOTHING_FROM(CALL_OF(__NR_futex, 1, A, FUTEX_CMP_REQUEUE_PRIVATE, 0, 0, B));
    OUTPUTS(CALL_OF(__NR_futex, 0, A, FUTEX_LOCK_PI_PRIVATE, 0, 0, B), A, 4);
    OUTPUTS(CALL_OF(__NR_futex, -EDEADLK, A, FUTEX_LOCK_PI, 0, 0, B), A, 4);
    OUTPUTS(CALL_OF(__NR_futex, 0, A, FUTEX_WAKE_OP_PRIVATE, 0, 0, B), B, 4);
    OUTPUTS(CALL_OF(__NR_futex, 0, A, FUTEX_CMP_REQUEUE_PI, 0, 0, B), B, 4);
}

static void tasks(void **state)
{
    const uint64_t args[4] = {CLONE_PIDFD | CLONE_PARENT_SETTID, B, C, D};
    poke(A, args, sizeof(args));
    OUTPUTS(CALL_OF(__NR_clone3, 7, A, 88), B, 4, D, 4);
    OUTPUTS(CALL_OF(__NR_clone, 7, CLONE_PARENT_SETTID, B, C, D), C, 4);
    NOTHING_FROM(CALL_OF(__NR_clone, 7, CLONE_CHILD_SETTID, B, C, D));
    OUTPUTS(CALL_OF(__NR_get_robust_list, 0, 0, A, B), A, 8, B, 8);
}

static void by_command(void **state)
{
    OUTPUTS(CALL_OF(__NR_fcntl, 0, 3, F_GETLK, A), A, 32);
    OUTPUTS(CALL_OF(__NR_fcntl, 0, 3, F_GETOWN_EX, A), A, 8);
    NOTHING_FROM(CALL_OF(__NR_fcntl, 0, 3, F_SETLKW, A));
    OUTPUTS(CALL_OF(__NR_prctl, 0, PR_GET_NAME, A), A, 16);
    OUTPUTS(CALL_OF(__NR_prctl, 0, PR_GET_PDEATHSIG, A), A, 4);
    OUTPUTS(CALL_OF(__NR_prctl, 320, 0x41555856 /* PR_GET_AUXV */, A, 100), A, 100);
    NOTHING_FROM(CALL_OF(__NR_prctl, 0, PR_SET_NAME, A));
    OUTPUTS(CALL_OF(__NR_arch_prctl, 0, ARCH_GET_FS, A), A, 8);
    NOTHING_FROM(CALL_OF(__NR_arch_prctl, 0, ARCH_SET_FS, A));
    OUTPUTS(CALL_OF(__NR_seccomp, 0, 3, 0, A), A, 6);
    OUTPUTS(CALL_OF(__NR_keyctl, 20, KEYCTL_READ, 1, A, 64), A, 20);
    OUTPUTS(CALL_OF(__NR_keyctl, 20, KEYCTL_CAPABILITIES, A, 64), A, 64);
    OUTPUTS(CALL_OF(__NR_quotactl, 0, (uint32_t)Q_GETQUOTA << 8, A, 0, B), B, 72);
    OUTPUTS(CALL_OF(__NR_syslog, 30, 3, A, 100), A, 30);
    NOTHING_FROM(CALL_OF(__NR_syslog, 30, 10, A, 100));
}

static void system_v(void **state)
{
    OUTPUTS(CALL_OF(__NR_msgrcv, 5, 1, A, 100, 0, 0), A, 13);
    OUTPUTS(CALL_OF(__NR_msgctl, 0, 1, IPC_STAT, A), A, 120);
    OUTPUTS(CALL_OF(__NR_shmctl, 0, 1, IPC_STAT, A), A, 112);
    NOTHING_FROM(CALL_OF(__NR_shmctl, 0, 1, IPC_RMID, A));
    OUTPUTS(CALL_OF(__NR_semctl, 0, 1, 0, IPC_STAT, A), A, 104);
    OUTPUTS(CALL_OF(__NR_semctl, 0, 1, 0, GETALL, A), A, 64000);
    OUTPUTS(CALL_OF(__NR_semctl, 0, 1, 0, GETALL, ARENA_BASE + ARENA_BYTES - 10),
            ARENA_BASE + ARENA_BYTES - 10, 10);
    NOTHING_FROM(CALL_OF(__NR_semctl, 3, 1, 0, GETVAL, A));
}

static void ptrace_requests(void **state)
{
    OUTPUTS(CALL_OF(__NR_ptrace, 0, PTRACE_PEEKDATA, 9, A, B), B, 8);
    OUTPUTS(CALL_OF(__NR_ptrace, 0, PTRACE_GETREGS, 9, 0, B), B, 216);
    NOTHING_FROM(CALL_OF(__NR_ptrace, 0, PTRACE_POKEDATA, 9, A, B));
    poke_iovec(B, C, 100);
    OUTPUTS(CALL_OF(__NR_ptrace, 0, PTRACE_GETREGSET, 9, 1, B), C, 100, B + 8, 8);
    OUTPUTS(CALL_OF(__NR_ptrace, 80, PTRACE_GET_SYSCALL_INFO, 9, 24, B), B, 24);
}

static void odd_ones(void **state)
{
    OUTPUTS(CALL_OF(__NR_mincore, 0, B, 4097, A), A, 2);
    OUTPUTS(CALL_OF(__NR_get_mempolicy, 0, A, B, 65, 0, 0), A, 4, B, 8);
    poke_u32(A, 0x20080522);
    OUTPUTS(CALL_OF(__NR_capget, 0, A, B), A, 4, B, 24);
    OUTPUTS(CALL_OF(__NR_capget, -EINVAL, A, B), A, 4);
    poke(C, "ext4", 5);
    OUTPUTS(CALL_OF(__NR_sysfs, 0, 2, 0, C), C, 5);
    poke_u32(C, 12);
    OUTPUTS(CALL_OF(__NR_name_to_handle_at, 0, 3, A, C, D, 0), C, 20, D, 4);
    OUTPUTS(CALL_OF(__NR_name_to_handle_at, -EOVERFLOW, 3, A, C, D, 1), C, 8, D, 8);
    poke_u32(B, 40);
    OUTPUTS(CALL_OF(459 /* lsm_get_self_attr */, 1, 0, A, B, 0), B, 4, A, 40);
    OUTPUTS(CALL_OF(461 /* lsm_list_modules */, -E2BIG, A, B, 0), B, 4);
    poke_iovec(A, B, 100);
    OUTPUTS(CALL_OF(464 /* getxattrat */, 30, 3, 0, 0, 0, A, 16), B, 30);
    NOTHING_FROM(CALL_OF(9999, 0, A, A, A));
    NOTHING_FROM(CALL_OF(__NR_mmap, (int64_t)A, A, 1, 1, 1));
}

static void ioctls(void **state)
{
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, TCGETS, A), A, 36);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, TIOCGWINSZ, A), A, 8);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, FIONREAD, A), A, 4);
    NOTHING_FROM(CALL_OF(__NR_ioctl, -ENOTTY, 0, TCGETS, A));
    NOTHING_FROM(CALL_OF(__NR_ioctl, 0, 0, TCSETS, A));
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, SIOCGIFADDR, A), A, 40);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, TIOCGPTN, A), A, 4);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, _IOR('?', 1, char[77]), A), A, 77); /* unknown */
    OUTPUTS(CALL_OF(__NR_ioctl, -EIO, 0, _IOWR('?', 2, char[77]), A), A, 77);
    NOTHING_FROM(CALL_OF(__NR_ioctl, 0, 0, _IOW('?', 3, char[77]), A));
    NOTHING_FROM(CALL_OF(__NR_ioctl, 0, 0, _IOR('?', 1, char[77]), 5)); /* no pointer */
    poke_u32(A, 80);
    poke_u64(A + 8, B);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, SIOCGIFCONF, A), A, 4, B, 80);
    poke_u64(A + 16, ARENA_BASE + ARENA_BYTES - 44);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, 0x8946 /* SIOCETHTOOL */, A), A, 40,
            ARENA_BASE + ARENA_BYTES - 44, 44);
    poke_u32(A + 20, 2); /* fm_mapped_extents, fm_extent_count */
    poke_u32(A + 24, 5);
    OUTPUTS(CALL_OF(__NR_ioctl, 0, 0, _IOWR('f', 11, char[32]), A), A, 32 + 2 * 56);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_structures),
        cmocka_unit_test(sizes_from_arguments),
        cmocka_unit_test(sizes_from_the_result),
        cmocka_unit_test(lengths_in_memory),
        cmocka_unit_test(socket_options),
        cmocka_unit_test(iovecs),
        cmocka_unit_test(messages),
        cmocka_unit_test(arrays_of_messages),
        cmocka_unit_test(what_is_sent),
        cmocka_unit_test(select_family),
        cmocka_unit_test(sleeping),
        cmocka_unit_test(futexes),
        cmocka_unit_test(tasks),
        cmocka_unit_test(by_command),
        cmocka_unit_test(system_v),
        cmocka_unit_test(ptrace_requests),
        cmocka_unit_test(odd_ones),
        cmocka_unit_test(ioctls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
