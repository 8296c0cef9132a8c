/* Two processes map one file shared, each by itself. */
/* modes: native */
/* Memory shared between recorded processes (issue 5). */
#include "check.h"

int main(void)
{
    scratch_enter();
    int fd = scratch_file("file", "", 0);
    CHECK(ftruncate(fd, 4096) == 0);
    pid_t child = fork_flushed();
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    if (child == 0) {
        sprintf(map, "child %d was here", (int)getpid());
        _exit(0);
    }
    check_child_ok(child);
    CHECK(strncmp(map, "child ", 6) == 0 && atoi(map + 6) == child);
    puts(map);
    return 0;
}
