/*
 * measure FILE 0|1 PROGRAM ARGUMENTS…: runs the program; FILE gets its wall time and the processor
 * time of all its processes in nanoseconds, the peak memory of the largest of them in KiB, and its
 * exit status (128 + n after signal n).
 *
 * With 1 the program stays on the processor that it happens to start on, as a recorded one does: a
 * fixed one might be busier than others.
 *
 * A program of its own, since a child's peak memory counts what its parent had when it forked.
 */
#include <sched.h>
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

static void stay_here(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof(one), &one);
}

int main(int argc, char **argv)
{
    int status;
    struct rusage usage;
    FILE *file = argc > 3 ? fopen(argv[1], "we") : NULL;
    if (!file)
        return 2;
    long start = now();
    pid_t pid = fork();
    if (pid == 0) {
        if (argv[2][0] == '1')
            stay_here();
        execvp(argv[3], argv + 3);
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
