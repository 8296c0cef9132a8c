/* posix_spawn, with its file actions: glibc does it by clone(CLONE_VM | CLONE_VFORK). */
#include <spawn.h>

#include "check.h"

extern char **environ;

int main(void)
{
    int pair[2];
    CHECK(pipe(pair) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 1);
    posix_spawn_file_actions_addclose(&actions, pair[0]);
    pid_t child;
    char *arguments[] = {"sh", "-c", "echo $$", NULL};
    CHECK(posix_spawn(&child, "/bin/sh", &actions, NULL, arguments, environ) == 0);
    char text[16] = "";
    CHECK(read(pair[0], text, 15) > 0 && atoi(text) == child);
    check_child_ok(child);
    posix_spawn_file_actions_destroy(&actions);
    CHECK(posix_spawn(&child, "/absent", NULL, NULL, arguments, environ) == ENOENT);
    CHECK(posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0);
    check_child_ok(child);
    printf("%s", text);
    return 0;
}
