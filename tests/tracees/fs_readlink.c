/* readlink and readlinkat: the result says how much was written, and there is no final zero. */
#include "check.h"

int main(void)
{
    scratch_enter();
    CHECK(symlink("a/target/of/the/link", "link") == 0);
    char buffer[64];
    memset(buffer, '#', sizeof buffer);
    CHECK(readlink("link", buffer, sizeof buffer) == 20);
    CHECK(memcmp(buffer, "a/target/of/the/link#", 21) == 0);
    memset(buffer, '#', sizeof buffer);
    CHECK(readlinkat(AT_FDCWD, "link", buffer, 5) == 5);
    CHECK(memcmp(buffer, "a/tar#", 6) == 0);
    CHECK(readlink(".", buffer, 5) == -1 && errno == EINVAL);
    /* Before anything is loaded by name under reel this must name the program, not the tool. */
    ssize_t length = readlink("/proc/self/exe", buffer, sizeof buffer);
    CHECK(length > 0);
    char self[32];
    length = readlink("/proc/self", self, sizeof self - 1);
    CHECK(length > 0);
    self[length] = 0;
    CHECK(atoi(self) == getpid());
    printf("I am %s\n", self);
    return 0;
}
