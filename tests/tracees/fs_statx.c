/* statx(): a structure larger than stat's, with fields that depend on the file system. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "123456", 6);
    struct statx status;
    memset(&status, 0xff, sizeof status);
    CHECK(statx(AT_FDCWD, "file", 0, STATX_ALL, &status) == 0);
    CHECK(status.stx_size == 6 && status.stx_nlink == 1);
    CHECK(status.stx_mask & STATX_INO);
    struct stat old;
    CHECK(fstat(fd, &old) == 0 && old.st_ino == status.stx_ino);
    CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &status) == 0 && status.stx_size == 6);
    printf("inode %llu modified at %lld.%09u\n", (unsigned long long)status.stx_ino,
           (long long)status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec);
    return 0;
}
