/* Extended attributes; a buffer is filled, or only its needed size told. */
#include <sys/xattr.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    char value[16] = "", names[256];
    CHECK(getxattr("file", "user.absent", value, sizeof value) == -1);
    CHECK(errno == ENODATA || errno == EOPNOTSUPP);
    if (fsetxattr(fd, "user.colour", "green", 5, 0) != 0) {
        CHECK(errno == EOPNOTSUPP || errno == EPERM);
        puts("no extended attributes here");
        return 0;
    }
    CHECK(getxattr("file", "user.colour", NULL, 0) == 5);
    CHECK(getxattr("file", "user.colour", value, 2) == -1 && errno == ERANGE);
    CHECK(fgetxattr(fd, "user.colour", value, sizeof value) == 5 && strcmp(value, "green") == 0);
    ssize_t length = listxattr("file", names, sizeof names);
    CHECK(length > 0 && memmem(names, (size_t)length, "user.colour", 12));
    CHECK(removexattr("file", "user.colour") == 0);
    printf("%d: %s\n", (int)getpid(), value);
    return 0;
}
