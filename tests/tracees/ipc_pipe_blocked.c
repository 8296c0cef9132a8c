/* A large write to a pipe blocks until the other process has read; both move in pieces. */
#include "check.h"

enum { SIZE = 1 << 20 };

int main(void)
{
    static unsigned char data[SIZE];
    int pair[2];
    CHECK(pipe(pair) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        close(pair[0]);
        memset(data, (int)getpid() & 0xff, SIZE);
        _exit(write(pair[1], data, SIZE) == SIZE ? 0 : 1);
    }
    close(pair[1]);
    size_t got = 0, pieces = 0;
    for (ssize_t length; (length = read(pair[0], data + got, SIZE - got)) > 0; pieces++)
        got += (size_t)length;
    CHECK(got == SIZE && data[0] == (child & 0xff) && data[SIZE - 1] == (child & 0xff));
    check_child_ok(child);
    printf("%zu pieces\n", pieces);
    return 0;
}
