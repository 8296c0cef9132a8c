/* flock(), which belongs to the open file. */
#include <sys/file.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    int other = open("file", O_RDWR);
    CHECK(flock(fd, LOCK_EX) == 0);
    CHECK(flock(other, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK);
    pid_t child = fork_flushed();
    if (child == 0)
        _exit(flock(other, LOCK_SH) == 0 ? 0 : 1); /* waits for the parent */
    sleep_ms(10);
    CHECK(flock(fd, LOCK_UN) == 0);
    check_child_ok(child);
    printf("%d had it\n", (int)child);
    return 0;
}
