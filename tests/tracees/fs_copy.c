/* sendfile and copy_file_range: bytes move in the kernel, only the offsets come back. */
#include <sys/sendfile.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int from = scratch_file("from", "0123456789", 10), to = scratch_file("to", "", 0);
    off_t offset = 3;
    CHECK(sendfile(to, from, &offset, 4) == 4 && offset == 7);
    CHECK(sendfile(to, from, NULL, 2) == 2);
    char buffer[16] = "";
    CHECK(pread(to, buffer, 16, 0) == 6 && strcmp(buffer, "345601") == 0);
    loff_t in = 1, out = 0;
    ssize_t copied = copy_file_range(from, &in, to, &out, 5, 0);
    if (copied < 0) {
        CHECK(errno == EINVAL || errno == EXDEV || errno == EOPNOTSUPP);
    } else {
        CHECK(copied == 5 && in == 6 && out == 5);
        CHECK(pread(to, buffer, 16, 0) == 6 && strcmp(buffer, "123451") == 0);
    }
    int pair[2];
    CHECK(pipe(pair) == 0);
    CHECK(sendfile(pair[1], from, &(off_t){0}, 10) == 10);
    CHECK(read(pair[0], buffer, 16) == 10);
    printf("%d %.10s\n", (int)getpid(), buffer);
    return 0;
}
