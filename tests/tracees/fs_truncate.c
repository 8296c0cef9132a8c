/* truncate, ftruncate, fallocate, fsync: sizes change, bytes appear as zeros. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "0123456789", 10);
    CHECK(ftruncate(fd, 4) == 0);
    CHECK(truncate("file", 8) == 0);
    char buffer[16] = "";
    CHECK(pread(fd, buffer, sizeof buffer, 0) == 8);
    CHECK(memcmp(buffer, "0123\0\0\0\0", 8) == 0);
    if (fallocate(fd, 0, 0, 10000) == 0) {
        CHECK(lseek(fd, 0, SEEK_END) == 10000);
        CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0 ||
              errno == EOPNOTSUPP);
    } else {
        CHECK(errno == EOPNOTSUPP);
    }
    CHECK(posix_fallocate(fd, 0, 100) == 0);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    CHECK(ftruncate(-1, 0) == -1 && errno == EBADF);
    struct stat status;
    CHECK(fstat(fd, &status) == 0);
    printf("%ld blocks of inode %lu\n", (long)status.st_blocks, (unsigned long)status.st_ino);
    return 0;
}
