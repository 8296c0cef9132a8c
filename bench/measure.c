/*
 * measure FILE PROGRAM ARGUMENTS…: runs the program; FILE gets its wall time and the processor time
 * of all its processes in nanoseconds, the peak memory of the largest of them in KiB, and its exit
 * status (128 + n after signal n).
 *
 * A program of its own, since a child's peak memory counts what its parent had when it forked.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000l + time.tv_nsec;
}

static long nanoseconds(struct timeval time)
{
    return time.tv_sec * 1000000000l + time.tv_usec * 1000l;
}

int main(int argc, char **argv)
{
    int status;
    struct rusage usage;
    FILE *file = argc > 2 ? fopen(argv[1], "we") : NULL;
    if (!file)
        return 2;
    long start = now();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 2;
    long end = now();
    fprintf(file, "%ld %ld %ld %d\n", end - start,
            nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime), usage.ru_maxrss,
            WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    return fclose(file) == 0 ? 0 : 2;
}
