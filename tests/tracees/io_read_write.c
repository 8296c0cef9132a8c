/* read() and write(): what the kernel wrote into a buffer, up to the result and not beyond. */
#include "check.h"

static char *volatile bad = (char *)8;

int main(void)
{
    scratch_enter();
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    CHECK(write(fd, "some bytes", 10) == 10);
    CHECK(lseek(fd, 5, SEEK_SET) == 5);
    char buffer[32];
    memset(buffer, '#', sizeof buffer);
    CHECK(read(fd, buffer, sizeof buffer) == 5);
    CHECK(memcmp(buffer, "bytes###", 8) == 0);
    CHECK(read(fd, buffer, sizeof buffer) == 0);
    CHECK(read(fd, bad, 1) == 0); /* at the end nothing is written, so no address is bad */
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(read(fd, bad, 1) == -1 && errno == EFAULT);
    CHECK(write(fd, bad, 1) == -1 && errno == EFAULT);
    CHECK(close(fd) == 0);
    CHECK(read(fd, buffer, 1) == -1 && errno == EBADF);
    printf("%.5s from %s\n", buffer, scratch_path);
    return 0;
}
