/* stdout sent to a file and back by dup2: only what went to the original one is output. */
#include "check.h"

int main(void)
{
    scratch_enter();
    printf("before, %d\n", (int)getpid());
    fflush(stdout);
    int saved = dup(1), file = scratch_file("file", "", 0);
    CHECK(dup2(file, 1) == 1);
    printf("into the file\n");
    fflush(stdout);
    CHECK(system("echo from a child into the file") == 0);
    CHECK(dup2(saved, 1) == 1);
    printf("after\n");
    CHECK(write(saved, "by the copy\n", 12) == 12);
    CHECK(dup2(1, 2) == 2);
    fprintf(stderr, "stderr on stdout\n");
    CHECK(lseek(file, 0, SEEK_END) == 14 + 27);
    return 0;
}
