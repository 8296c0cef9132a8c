/* Calls served without a stop, with pointers that lead nowhere: EFAULT, not a crash. */
#include "check.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define NOWHERE ((void *)0x10)

int main(void)
{
    int ends[2], sockets[2];
    char byte = 'x';
    struct timespec now;
    CHECK(pipe(ends) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    for (int i = 0; i < 20; i++) {
        CHECK(syscall(SYS_writev, ends[1], NOWHERE, 1) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_readv, ends[0], NOWHERE, 1) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_openat, AT_FDCWD, NOWHERE, O_RDONLY) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_stat, "/", NOWHERE) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, NOWHERE) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_futex, NOWHERE, 0 /* WAIT */, 0, NULL) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NOWHERE, NULL, 8) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_getsockname, sockets[0], &byte, NOWHERE) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_write, ends[1], NOWHERE, 1) == -1 && errno == EFAULT);
        CHECK(write(ends[1], &byte, 1) == 1);
        CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x');
        CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    }
    printf("%ld\n", now.tv_nsec);
    return 0;
}
