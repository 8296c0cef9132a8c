/* umask, chmod, fchmod, access, utimensat. */
#include "check.h"

int main(void)
{
    scratch_enter();
    struct stat status;
    mode_t old = umask(027);
    CHECK(umask(027) == 027);
    CHECK(close(open("file", O_CREAT | O_WRONLY, 0666)) == 0);
    CHECK(stat("file", &status) == 0 && (status.st_mode & 0777) == 0640);
    CHECK(chmod("file", 0400) == 0);
    CHECK(stat("file", &status) == 0 && (status.st_mode & 0777) == 0400);
    CHECK(access("file", R_OK) == 0);
    CHECK(access("file", X_OK) == -1 && errno == EACCES);
    CHECK(faccessat(AT_FDCWD, "file", R_OK, AT_EACCESS) == 0);
    struct timespec times[2] = {{1000000000, 1}, {1000000001, 2}};
    CHECK(utimensat(AT_FDCWD, "file", times, 0) == 0);
    CHECK(stat("file", &status) == 0 && status.st_mtim.tv_sec == 1000000001);
    CHECK(utimensat(AT_FDCWD, "file", NULL, 0) == 0);
    CHECK(stat("file", &status) == 0 && status.st_mtim.tv_sec > 1000000001);
    printf("umask was %03o, modified at %ld\n", old, (long)status.st_mtim.tv_sec);
    return 0;
}
