/* pread, readv, preadv, preadv2 and their writing sisters: several ranges of memory in a call, of
 * which the last is filled in part. */
#include <sys/uio.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    char one[] = "ab", two[] = "cdefg";
    struct iovec out[] = {{one, 2}, {NULL, 0}, {two, 5}};
    CHECK(writev(fd, out, 3) == 7);
    CHECK(pwrite(fd, "XY", 2, 7) == 2);
    CHECK(pwritev(fd, out, 1, 9) == 2);
    char a[4], b[4], c[8];
    memset(c, '#', sizeof c);
    struct iovec in[] = {{a, 4}, {b, 4}, {c, 8}};
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(readv(fd, in, 3) == 11);
    CHECK(memcmp(a, "abcd", 4) == 0 && memcmp(b, "efgX", 4) == 0 && memcmp(c, "Yab#", 4) == 0);
    CHECK(pread(fd, a, 4, 7) == 4 && memcmp(a, "XYab", 4) == 0);
    CHECK(preadv(fd, in, 2, 1) == 8 && memcmp(a, "bcde", 4) == 0);
    CHECK(preadv2(fd, in, 2, 2, 0) == 8 && memcmp(a, "cdef", 4) == 0);
    CHECK(pwritev2(fd, out, 1, 0, 0) == 2);
    CHECK(pread(fd, a, 4, -1) == -1 && errno == EINVAL);
    printf("%.4s %.4s\n", a, b);
    return 0;
}
