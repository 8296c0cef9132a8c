/* stdout closed, and its number given to a file. */
#include "check.h"

int main(void)
{
    scratch_enter();
    CHECK(dprintf(1, "last words of %d\n", (int)getpid()) > 0);
    CHECK(close(1) == 0);
    CHECK(write(1, "x", 1) == -1 && errno == EBADF);
    int file = open("file", O_RDWR | O_CREAT, 0600);
    CHECK(file == 1);
    puts("not seen");
    CHECK(fflush(stdout) == 0 && lseek(1, 0, SEEK_END) == 9);
    CHECK(close(0) == 0 && close(2) == 0);
    return 0;
}
