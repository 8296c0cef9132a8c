/* Some thousand calls that do next to nothing: the cost of an event, and frames cut by size. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    for (int i = 0; i < 3000; i++) {
        char line[16];
        int length = snprintf(line, sizeof line, "%d\n", i);
        CHECK(write(fd, line, (size_t)length) == length);
    }
    printf("%ld bytes by %d\n", (long)lseek(fd, 0, SEEK_END), (int)getpid());
    return 0;
}
