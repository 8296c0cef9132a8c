/* open() with its flags: exclusive, append, truncate, directory, close-on-exec, path only. */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = open("file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(open("file", O_WRONLY | O_CREAT | O_EXCL, 0600) == -1 && errno == EEXIST);
    CHECK(open("absent", O_RDONLY) == -1 && errno == ENOENT);
    CHECK(open("file", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    CHECK(open(".", O_WRONLY) == -1 && errno == EISDIR);
    CHECK(write(fd, "12345", 5) == 5);
    int appending = open("file", O_WRONLY | O_APPEND);
    CHECK(write(appending, "67", 2) == 2);
    CHECK(lseek(appending, 0, SEEK_CUR) == 7);
    CHECK(fcntl(appending, F_GETFL) & O_APPEND);
    int path = open("file", O_PATH);
    CHECK(write(path, "x", 1) == -1 && errno == EBADF);
    int truncating = open("file", O_RDWR | O_TRUNC);
    CHECK(lseek(truncating, 0, SEEK_END) == 0);
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(openat(directory, "file", O_RDONLY) >= 0);
    CHECK(symlink("file", "link") == 0);
    CHECK(open("link", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    printf("descriptors %d %d %d %d\n", fd, appending, path, truncating);
    return 0;
}
