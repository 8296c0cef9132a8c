/* Output by writev, pwritev2, sendfile and splice. */
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    char pid[16];
    int length = snprintf(pid, sizeof pid, "%d", (int)getpid()), pair[2];
    struct iovec parts[] = {{"pid ", 4}, {pid, (size_t)length}, {NULL, 0}, {"\n", 1}};
    CHECK(writev(1, parts, 4) == length + 5);
    CHECK(writev(2, parts, 4) == length + 5);
    int file = scratch_file("file", "sent\n", 5);
    if (sendfile(1, file, NULL, 5) != 5) /* not to a file opened for appending */
        CHECK(errno == EINVAL && write(1, "sent\n", 5) == 5);
    CHECK(pipe(pair) == 0 && write(pair[1], "spliced\n", 8) == 8);
    if (splice(pair[0], NULL, 1, NULL, 8, 0) != 8)
        CHECK(errno == EINVAL && write(1, "spliced\n", 8) == 8);
    return 0;
}
