/* dup, dup2, dup3 and F_DUPFD share an offset; close_range ends them all. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "0123456789", 10);
    int other = dup(fd);
    char byte;
    CHECK(read(fd, &byte, 1) == 1 && byte == '0');
    CHECK(read(other, &byte, 1) == 1 && byte == '1');
    CHECK(dup2(fd, 50) == 50 && dup2(50, 50) == 50);
    CHECK(dup3(fd, 51, O_CLOEXEC) == 51 && fcntl(51, F_GETFD) == FD_CLOEXEC);
    CHECK(dup3(fd, fd, 0) == -1 && errno == EINVAL);
    int high = fcntl(fd, F_DUPFD, 60);
    CHECK(high >= 60);
    CHECK(read(high, &byte, 1) == 1 && byte == '2');
    CHECK(syscall(SYS_close_range, 50, ~0U, 0) == 0);
    CHECK(fcntl(50, F_GETFD) == -1 && errno == EBADF);
    CHECK(fcntl(high, F_GETFD) == -1 && errno == EBADF);
    printf("%d %d %d\n", fd, other, high);
    return 0;
}
