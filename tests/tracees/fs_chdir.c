/* getcwd, chdir, fchdir, realpath. */
#include <limits.h>

#include "check.h"

int main(void)
{
    scratch_enter();
    char path[PATH_MAX], real[PATH_MAX];
    CHECK(getcwd(path, sizeof path) && strstr(path, "tracee-"));
    CHECK(mkdir("inner", 0700) == 0);
    int outer = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(chdir("inner") == 0);
    CHECK(getcwd(real, sizeof real));
    CHECK(strlen(real) == strlen(path) + 6);
    char small[4];
    CHECK(!getcwd(small, sizeof small) && errno == ERANGE);
    CHECK(syscall(SYS_getcwd, small, sizeof small) == -1 && errno == ERANGE);
    CHECK(realpath("..", real) && strcmp(real, path) == 0);
    CHECK(fchdir(outer) == 0);
    CHECK(chdir("absent") == -1 && errno == ENOENT);
    printf("%s\n", path);
    return 0;
}
