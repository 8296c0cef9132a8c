/*
 * The model against the kernel that runs this test: a call is made for real, and each byte of
 * memory that it changed must lie in a range of call_outputs(). Memory is filled with two different
 * bytes in turn, so that a byte that the kernel happens to leave alike once is seen the other time.
 */
#include "call_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* In place of the fixture's arena, which the kernel cannot write. */
#define MEMORY_BYTES 0x20000ull
static uint8_t *real_memory;
static uint8_t before[MEMORY_BYTES];

static bool real_read(void *context, taddr address, void *bytes, size_t size)
{
    uint64_t offset = address.value - (uintptr_t)real_memory;
    if (address.value < (uintptr_t)real_memory || offset >= MEMORY_BYTES ||
        size > MEMORY_BYTES - offset)
        return false;
    memcpy(bytes, real_memory + offset, size);
    return true;
}

static const struct memory_view real_view = {.read = real_read};

static int map_memory(void **state)
{
    real_memory =
        mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return real_memory == MAP_FAILED;
}

static uint64_t at(size_t offset)
{
    return (uintptr_t)real_memory + offset;
}

static void put(size_t offset, const void *bytes, size_t size)
{
    memcpy(real_memory + offset, bytes, size);
}

static void put_u32(size_t offset, uint32_t value)
{
    put(offset, &value, sizeof(value));
}

static void put_u64(size_t offset, uint64_t value)
{
    put(offset, &value, sizeof(value));
}

static void make_call(struct call *call)
{
    const uint64_t *a = call->argument;
    memcpy(before, real_memory, MEMORY_BYTES);
    long result = syscall((long)call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    call->result = result < 0 && result > -4096 ? -errno : result;
}

static bool covered(const struct memory_ranges *ranges, uint64_t address)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (address - ranges->range[i].address.value < ranges->range[i].length)
            return true;
    }
    return false;
}

/* How many bytes changed; all of them must be covered. */
static size_t check_changes(const struct call *call)
{
    struct memory_ranges ranges = {0};
    size_t changed = 0;
    assert_null(call_outputs(call, &real_view, &ranges));
    for (size_t i = 0; i < MEMORY_BYTES; i++) {
        if (before[i] == real_memory[i])
            continue;
        changed++;
        if (!covered(&ranges, at(i)))
            fail_msg("%s wrote byte %#zx, which no range has", call_row(call->number)->name, i);
    }
    memory_ranges_deinit(&ranges);
    return changed;
}

/* Makes the call as it stands. It should write `expected` bytes or more; half of them must change,
 * for some may happen to be what was there. */
static int64_t run(struct call call, size_t expected)
{
    make_call(&call);
    size_t changed = check_changes(&call);
    if (changed < (expected + 1) / 2)
        fail_msg("%s changed %zu bytes and gave %ld", call_row(call.number)->name, changed,
                 (long)call.result);
    return call.result;
}

static void fill(uint8_t byte)
{
    memset(real_memory, byte, MEMORY_BYTES);
}

#define RUN(expected, number, ...) run(CALL_OF(number, 0, __VA_ARGS__), expected)

static void plain_structures(void **state)
{
    static const uint8_t fillings[] = {0x5a, 0xa5};
    for (size_t i = 0; i < ARRAY_LENGTH(fillings); i++) {
        fill(fillings[i]);
        RUN(100, __NR_fstat, 0, at(0x1000));
        RUN(80, __NR_fstatfs, 0, at(0x2000));
        RUN(200, __NR_statx, 0, (uintptr_t) "", AT_EMPTY_PATH, 0xfff, at(0x3000));
        RUN(300, __NR_uname, at(0x4000));
        RUN(90, __NR_sysinfo, at(0x5000));
        RUN(120, __NR_getrusage, 0, at(0x6000));
        RUN(16, __NR_prlimit64, 0, 7, 0, at(0x7000));
        RUN(16, __NR_clock_gettime, 1, at(0x8000));
        RUN(12, __NR_getresuid, at(0x9000), at(0x9010), at(0x9020));
        RUN(24, __NR_sigaltstack, 0, at(0xa000));
        RUN(32, __NR_rt_sigaction, SIGUSR1, 0, at(0xb000), 8);
        RUN(8, __NR_rt_sigprocmask, 0, 0, at(0xc000), 8);
        RUN(8, __NR_rt_sigpending, at(0xc100), 8);
        RUN(32, __NR_times, at(0xd000));
        RUN(8, __NR_getcpu, at(0xe000), at(0xe010), 0);
        RUN(32, __NR_getitimer, 0, at(0xf000));
        RUN(48, __NR_sched_getattr, 0, at(0x10000), 256, 0);
        RUN(8, __NR_sched_getaffinity, 0, 512, at(0x11000));
        RUN(2, __NR_getcwd, at(0x12000), 4096);
        RUN(5, __NR_readlink, (uintptr_t) "/proc/self/exe", at(0x13000), 100);
        RUN(90, __NR_getrandom, at(0x14000), 100, 0);
        RUN(12, __NR_get_robust_list, 0, at(0x15000), at(0x15010));
        RUN(1, __NR_mincore, at(0), 0x3000, at(0x16000));
        RUN(8, __NR_arch_prctl, 0x1003, at(0x17000));
        RUN(5, __NR_prctl, PR_GET_NAME, at(0x18000));
        RUN(4, __NR_prctl, PR_GET_PDEATHSIG, at(0x18100));
        put_u32(0x19000, 0);
        RUN(100, __NR_adjtimex, at(0x19000));
        put_u32(0x1a000, 0x20080522);
        put_u32(0x1a004, 0);
        RUN(24, __NR_capget, at(0x1a000), at(0x1b000));
    }
}

static void directories_and_handles(void **state)
{
    int directory = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fill(0x5a);
    RUN(100, __NR_getdents64, (unsigned)directory, at(0x1000), 4096);
    put_u32(0x8000, 4);
    run(CALL_OF(__NR_name_to_handle_at, 0, (uint32_t)AT_FDCWD, (uintptr_t) "/", at(0x8000),
                at(0x9000), 0),
        0);
    close(directory);
}

static void sockets(void **state)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    fill(0x5a);
    put_u32(0x1000, 128);
    RUN(3, __NR_getsockname, (unsigned)pair[0], at(0x2000), at(0x1000));
    put_u32(0x1000, 12);
    RUN(9, __NR_getsockopt, (unsigned)pair[0], SOL_SOCKET, SO_PEERCRED, at(0x3000), at(0x1000));

    assert_int_equal(send(pair[1], "hello, world", 12, 0), 12);
    put_u32(0x1000, 128);
    RUN(8, __NR_recvfrom, (unsigned)pair[0], at(0x4000), 8, MSG_TRUNC, at(0x5000), at(0x1000));
    put_u32(0x1000, 0);
    assert_int_equal(RUN(0, __NR_recvfrom, (unsigned)pair[0], at(0x4000), 8, MSG_DONTWAIT, 0, 0),
                     -EAGAIN);
    close(pair[0]);
    close(pair[1]);
}

/* A descriptor and credentials come as control messages. */
static void send_descriptor(int to)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec iovec = {(char *)"abcdef", 6};
    struct msghdr message = {
        .msg_iov = &iovec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = 24};
    memcpy(CMSG_DATA(&control.header), &to, sizeof(to));
    assert_int_equal(sendmsg(to, &message, 0), 6);
}

static void put_message(size_t offset, size_t name, size_t iovecs, size_t control)
{
    put_u64(offset, at(name));
    put_u32(offset + 8, 128);
    put_u64(offset + 16, at(iovecs));
    put_u64(offset + 24, 2);
    put_u64(offset + 32, at(control));
    put_u64(offset + 40, 256);
    put_u64(iovecs, at(0x8000));
    put_u64(iovecs + 8, 2);
    put_u64(iovecs + 16, at(0x9000));
    put_u64(iovecs + 24, 100);
}

static void received_messages(void **state)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    fill(0x5a);
    send_descriptor(pair[1]);
    put_message(0x1000, 0x2000, 0x3000, 0x4000);
    assert_int_equal(RUN(6 + 20, __NR_recvmsg, (unsigned)pair[0], at(0x1000), 0), 6);

    send_descriptor(pair[1]);
    send_descriptor(pair[1]);
    put_message(0x1000, 0x2000, 0x3000, 0x4000);
    put_message(0x1040, 0x5000, 0x6000, 0x7000);
    assert_int_equal(
        RUN(6 + 20, __NR_recvmmsg, (unsigned)pair[0], at(0x1000), 2, MSG_WAITFORONE, 0), 2);

    put_u64(0x3000 + 24, 4);
    put_message(0x1000, 0x2000, 0x3000, 0x4000);
    put_u64(0x1000, 0);
    put_u32(0x1008, 0);
    put_u64(0x1000 + 40, 0);
    assert_int_equal(RUN(1, __NR_sendmmsg, (unsigned)pair[1], at(0x1000), 1, 0), 1);
    close(pair[0]);
    close(pair[1]);
}

static void waiting(void **state)
{
    int event = eventfd(1, EFD_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted), 0);
    fill(0);
    RUN(9, __NR_epoll_wait, (unsigned)epoll, at(0x1000), 10, 0);
    struct pollfd descriptor = {event, POLLIN, 0};
    put(0x2000, &descriptor, sizeof(descriptor));
    put_u64(0x3000, 5);
    RUN(1, __NR_ppoll, at(0x2000), 1, at(0x3000), 0, 8);
    put_u64(0x4000, ~0ull & ((1ull << event) | 1ull << epoll));
    put_u64(0x5000, 1);
    RUN(0, __NR_select, (unsigned)event + 1, at(0x4000), 0, 0, at(0x5000));
    put_u64(0x5100, 0);
    put_u64(0x5108, 1000000);
    RUN(1, __NR_pselect6, 0, 0, 0, 0, at(0x5100), 0);
    RUN(1, __NR_read, (unsigned)event, at(0x6000), 8);
    close(event);
    close(epoll);

    pid_t child = fork();
    if (child == 0)
        _exit(3);
    fill(0x5a);
    RUN(20, __NR_waitid, P_PID, (unsigned)child, at(0x7000), WEXITED | WNOWAIT, at(0x7100));
    RUN(100, __NR_wait4, (unsigned)child, at(0x8000), 0, at(0x8100));
}

static void timers(void **state)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    fill(0x5a);
    RUN(32, __NR_timerfd_gettime, (unsigned)timer, at(0x1000));
    close(timer);
    put_u32(0x2000 + 8, 0);
    put_u32(0x2000 + 12, SIGEV_NONE);
    RUN(4, __NR_timer_create, CLOCK_MONOTONIC, at(0x2000), at(0x3000));
    RUN(32, __NR_timer_gettime, *(uint32_t *)(real_memory + 0x3000), at(0x4000));
}

static void ioctls(void **state)
{
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int net = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    fill(0x5a);
    if (terminal >= 0) {
        RUN(30, __NR_ioctl, (unsigned)terminal, TCGETS, at(0x1000));
        RUN(8, __NR_ioctl, (unsigned)terminal, TIOCGWINSZ, at(0x2000));
        RUN(4, __NR_ioctl, (unsigned)terminal, TIOCGPTN, at(0x3000));
        RUN(4, __NR_ioctl, (unsigned)terminal, FIONREAD, at(0x4000));
        close(terminal);
    }
    if (net >= 0) {
        put_u32(0x5000, 400);
        put_u64(0x5008, at(0x6000));
        run(CALL_OF(__NR_ioctl, 0, (unsigned)net, SIOCGIFCONF, at(0x5000)), 0);
        put(0x7000, "lo\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        run(CALL_OF(__NR_ioctl, 0, (unsigned)net, SIOCGIFFLAGS, at(0x7000)), 0);
        close(net);
    }
}

static void semaphores(void **state)
{
    int set = semget(IPC_PRIVATE, 5, 0600);
    if (set < 0)
        skip();
    fill(0x5a);
    RUN(10, __NR_semctl, (unsigned)set, 0, GETALL, at(0x1000));
    RUN(60, __NR_semctl, (unsigned)set, 0, IPC_STAT, at(0x2000));
    RUN(20, __NR_semctl, (unsigned)set, 0, 3 /* IPC_INFO */, at(0x3000));
    semctl(set, 0, IPC_RMID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_structures), cmocka_unit_test(directories_and_handles),
        cmocka_unit_test(sockets),          cmocka_unit_test(received_messages),
        cmocka_unit_test(waiting),          cmocka_unit_test(timers),
        cmocka_unit_test(ioctls),           cmocka_unit_test(semaphores),
    };
    return cmocka_run_group_tests(tests, map_memory, NULL);
}
