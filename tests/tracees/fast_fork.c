/* Processes made by others that make calls without stops: each has its own buffer, and its own idea
 * of its descriptors. */
#include "check.h"

#include <spawn.h>

extern char **environ;

static long work(int zero)
{
    long sum = 0;
    char byte;
    for (int i = 0; i < 200; i++) {
        CHECK(read(zero, &byte, 1) == 1);
        sum += getppid() + byte;
    }
    return sum;
}

static void child(int number, int zero, int output)
{
    int ends[2];
    char byte = (char)number;
    CHECK(pipe(ends) == 0);
    CHECK(dup2(ends[0], zero) == zero); /* a pipe now, that waits */
    CHECK(write(ends[1], &byte, 1) == 1);
    CHECK(read(zero, &byte, 1) == 1 && byte == (char)number);
    CHECK(close(zero) == 0 && open("/dev/zero", O_RDONLY) == zero);
    CHECK(work(zero) == 200l * getppid());
    CHECK(write(output, &byte, 1) == 1);
    _exit(number);
}

int main(void)
{
    int zero = open("/dev/zero", O_RDONLY), ends[2];
    char order[10];
    CHECK(zero >= 0 && pipe(ends) == 0);
    for (int i = 0; i < 10; i++) {
        work(zero);
        pid_t pid = fork_flushed();
        CHECK(pid >= 0);
        if (pid == 0)
            child(i, zero, ends[1]);
        char *arguments[] = {"true", NULL};
        pid_t other;
        CHECK(posix_spawnp(&other, "true", NULL, NULL, arguments, environ) == 0);
        work(zero);
        CHECK(WEXITSTATUS(wait_status(other)) == 0);
    }
    for (int i = 0; i < 10; i++)
        CHECK(read(ends[0], &order[i], 1) == 1);
    for (int i = 0; i < 10; i++)
        printf("%d ", order[i]);
    while (wait(NULL) > 0)
        ;
    printf("%ld\n", work(zero));
    return 0;
}
