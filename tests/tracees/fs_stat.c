/* stat, fstat, lstat, fstatat: structures filled with inode numbers and times. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "123456", 6);
    struct stat by_name, by_fd, by_link, at;
    CHECK(stat("file", &by_name) == 0);
    CHECK(fstat(fd, &by_fd) == 0);
    CHECK(symlink("file", "link") == 0);
    CHECK(lstat("link", &by_link) == 0);
    CHECK(fstatat(AT_FDCWD, "link", &at, 0) == 0);
    CHECK(S_ISREG(by_name.st_mode) && by_name.st_size == 6);
    CHECK(by_name.st_ino == by_fd.st_ino && at.st_ino == by_fd.st_ino);
    CHECK(S_ISLNK(by_link.st_mode) && by_link.st_size == 4);
    CHECK(fstatat(fd, "", &at, AT_EMPTY_PATH) == 0 && at.st_ino == by_fd.st_ino);
    CHECK(stat("absent", &at) == -1 && errno == ENOENT);
    printf("inode %lu changed at %ld.%09ld\n", (unsigned long)by_fd.st_ino, by_fd.st_ctim.tv_sec,
           by_fd.st_ctim.tv_nsec);
    return 0;
}
