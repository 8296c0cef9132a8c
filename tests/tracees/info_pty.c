/* A pseudo terminal made here: window size, modes, line discipline. */
#include <sys/ioctl.h>
#include <termios.h>

#include "check.h"

int main(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        puts("no pseudo terminals here");
        return 0;
    }
    char name[64], buffer[64] = "";
    CHECK(ptsname_r(master, name, sizeof name) == 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    CHECK(slave >= 0 && isatty(slave));
    struct winsize size = {.ws_row = 33, .ws_col = 77}, seen;
    CHECK(ioctl(master, TIOCSWINSZ, &size) == 0 && ioctl(slave, TIOCGWINSZ, &seen) == 0);
    CHECK(seen.ws_row == 33 && seen.ws_col == 77);
    struct termios mode;
    CHECK(tcgetattr(slave, &mode) == 0 && mode.c_lflag & ICANON);
    CHECK(write(master, "lime\177ne\n", 8) == 8);
    CHECK(read(slave, buffer, sizeof buffer) == 6 && strcmp(buffer, "limne\n") == 0);
    cfmakeraw(&mode);
    CHECK(tcsetattr(slave, TCSANOW, &mode) == 0);
    printf("%s: %s", name, buffer);
    return 0;
}
