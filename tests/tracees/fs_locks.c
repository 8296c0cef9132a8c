/* fcntl locks between processes: refused, asked about (the structure names the holder), waited for.
 */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "0123456789", 10);
    struct flock lock = {.l_type = F_WRLCK, .l_start = 2, .l_len = 3};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    int ready[2];
    CHECK(pipe(ready) == 0);
    pid_t parent = getpid(), child = fork_flushed();
    if (child == 0) {
        struct flock mine = {.l_type = F_RDLCK, .l_start = 0, .l_len = 0};
        CHECK(fcntl(fd, F_SETLK, &mine) == -1 && (errno == EAGAIN || errno == EACCES));
        CHECK(fcntl(fd, F_GETLK, &mine) == 0);
        CHECK(mine.l_type == F_WRLCK && mine.l_pid == parent && mine.l_start == 2);
        CHECK(write(ready[1], "", 1) == 1);
        struct flock waiting = {.l_type = F_RDLCK, .l_start = 0, .l_len = 0};
        CHECK(fcntl(fd, F_SETLKW, &waiting) == 0);
        _exit(0);
    }
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    sleep_ms(10);
    lock.l_type = F_UNLCK;
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    check_child_ok(child);
    struct flock open_file = {.l_type = F_WRLCK};
    CHECK(fcntl(fd, F_OFD_SETLK, &open_file) == 0);
    printf("%d waited for %d\n", (int)child, (int)parent);
    return 0;
}
