/* O_TMPFILE: a file without a name, given one afterwards. Not all file systems can. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0) {
        CHECK(errno == EOPNOTSUPP || errno == EISDIR);
        puts("no O_TMPFILE here");
        return 0;
    }
    CHECK(write(fd, "nameless", 8) == 8);
    struct stat status;
    CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0 && status.st_size == 8);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
    CHECK(stat("named", &status) == 0 && status.st_nlink == 1);
    printf("inode %lu\n", (unsigned long)status.st_ino);
    return 0;
}
