/* execve that fails, in all its ways, leaves the caller as it was. */
#include "check.h"

int main(void)
{
    scratch_enter();
    char *arguments[] = {"x", NULL};
    CHECK(execv("/absent", arguments) == -1 && errno == ENOENT);
    CHECK(execv("/", arguments) == -1 && errno == EACCES);
    close(scratch_file("plain", "text", 4));
    CHECK(execv("plain", arguments) == -1 && errno == EACCES);
    CHECK(chmod("plain", 0700) == 0);
    CHECK(execv("plain", arguments) == -1 && errno == ENOEXEC);
    close(scratch_file("script", "#!/absent/interpreter\n", 22));
    CHECK(chmod("script", 0700) == 0);
    CHECK(execv("script", arguments) == -1 && errno == ENOENT);
    close(scratch_file("good", "#!/bin/sh\nexit 9\n", 17));
    CHECK(chmod("good", 0700) == 0);
    pid_t child = fork_flushed();
    if (child == 0) {
        execv("good", arguments);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_status(child)) == 9);
    printf("still %d\n", (int)getpid());
    return 0;
}
