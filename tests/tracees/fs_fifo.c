/* A FIFO: open() itself blocks until the other side comes. */
#include "check.h"

int main(void)
{
    scratch_enter();
    CHECK(mkfifo("fifo", 0600) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        sleep_ms(10);
        int out = open("fifo", O_WRONLY);
        _exit(write(out, "through", 7) == 7 ? 0 : 1);
    }
    int in = open("fifo", O_RDONLY);
    char buffer[16] = "";
    CHECK(read(in, buffer, 16) == 7 && strcmp(buffer, "through") == 0);
    CHECK(read(in, buffer, 16) == 0);
    check_child_ok(child);
    close(in);
    CHECK(open("fifo", O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO);
    printf("%d %s\n", (int)child, buffer);
    return 0;
}
