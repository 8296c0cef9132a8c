/* rename, renameat2, link, symlink, unlink, mkdir, rmdir, mknod. */
#include "check.h"

int main(void)
{
    scratch_enter();
    close(scratch_file("one", "1", 1));
    close(scratch_file("two", "22", 2));
    struct stat status;
    CHECK(rename("one", "three") == 0);
    CHECK(access("one", F_OK) == -1 && errno == ENOENT);
    CHECK(renameat2(AT_FDCWD, "two", AT_FDCWD, "three", RENAME_NOREPLACE) == -1);
    CHECK(errno == EEXIST || errno == EINVAL);
    CHECK(link("three", "four") == 0);
    CHECK(stat("four", &status) == 0 && status.st_nlink == 2);
    CHECK(symlink("three", "link") == 0 && unlink("three") == 0);
    CHECK(stat("link", &status) == -1 && errno == ENOENT);
    CHECK(mkdir("directory", 0700) == 0 && rename("two", "directory/two") == 0);
    CHECK(rmdir("directory") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
    CHECK(unlinkat(AT_FDCWD, "directory/two", 0) == 0);
    CHECK(unlinkat(AT_FDCWD, "directory", AT_REMOVEDIR) == 0);
    CHECK(mkfifo("fifo", 0600) == 0);
    CHECK(stat("fifo", &status) == 0 && S_ISFIFO(status.st_mode));
    printf("fifo is %lu\n", (unsigned long)status.st_ino);
    return 0;
}
