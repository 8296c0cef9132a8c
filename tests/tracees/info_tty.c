/* ioctl: each number has a shape of its own. Nothing here is a terminal. */
#include <sys/ioctl.h>
#include <termios.h>

#include "check.h"

int main(void)
{
    int pair[2], count = -1;
    CHECK(pipe(pair) == 0 && write(pair[1], "12345", 5) == 5);
    CHECK(ioctl(pair[0], FIONREAD, &count) == 0 && count == 5);
    struct winsize size;
    struct termios mode;
    CHECK(ioctl(pair[0], TIOCGWINSZ, &size) == -1 && errno == ENOTTY);
    CHECK(ioctl(pair[0], TCGETS, &mode) == -1 && errno == ENOTTY);
    CHECK(!isatty(pair[0]));
    CHECK(ioctl(pair[0], FIONBIO, &(int){1}) == 0 && fcntl(pair[0], F_GETFL) & O_NONBLOCK);
    CHECK(ioctl(pair[0], FIOCLEX) == 0 && fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    CHECK(ioctl(-1, FIONREAD, &count) == -1 && errno == EBADF);
    printf("%d: %d\n", (int)getpid(), count);
    return 0;
}
