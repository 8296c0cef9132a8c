/* splice, tee and vmsplice. */
#include <sys/uio.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int file = scratch_file("file", "0123456789", 10), a[2], b[2];
    CHECK(pipe(a) == 0 && pipe(b) == 0);
    loff_t offset = 2;
    CHECK(splice(file, &offset, a[1], NULL, 5, 0) == 5 && offset == 7);
    CHECK(tee(a[0], b[1], 100, 0) == 5);
    char buffer[16] = "";
    CHECK(read(a[0], buffer, 16) == 5 && strcmp(buffer, "23456") == 0);
    memset(buffer, 0, sizeof buffer);
    CHECK(read(b[0], buffer, 16) == 5 && strcmp(buffer, "23456") == 0);
    struct iovec vector = {"memory", 6};
    CHECK(vmsplice(a[1], &vector, 1, 0) == 6);
    loff_t end = 10;
    CHECK(splice(a[0], NULL, file, &end, 6, 0) == 6 && end == 16);
    CHECK(splice(b[0], NULL, file, NULL, 1, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
    CHECK(pread(file, buffer, 16, 0) == 16);
    printf("%d %.16s\n", (int)getpid(), buffer);
    return 0;
}
