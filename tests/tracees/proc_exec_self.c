/* A program that becomes itself, with arguments and an environment, and keeps its pid. */
#include "check.h"

int main(int argc, char **argv)
{
    if (argc == 1) {
        char pid[16];
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        char *arguments[] = {argv[0], pid, "", "two words", NULL};
        char *environment[] = {"ONE=1", "EMPTY=", NULL};
        printf("before: %p\n", (void *)argv);
        fflush(stdout);
        CHECK(dup2(0, 40) == 40 && dup2(0, 41) == 41 && fcntl(41, F_SETFD, FD_CLOEXEC) == 0);
        execve("/proc/self/exe", arguments, environment);
        CHECK(!"execve failed");
    }
    CHECK(argc == 4 && atoi(argv[1]) == getpid() && strcmp(argv[3], "two words") == 0);
    CHECK(strcmp(getenv("ONE"), "1") == 0 && *getenv("EMPTY") == 0 && !getenv("PATH"));
    CHECK(fcntl(40, F_GETFD) == 0 && fcntl(41, F_GETFD) == -1);
    printf("after: %p %s\n", (void *)argv, argv[1]);
    return 0;
}
