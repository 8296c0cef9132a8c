/*
 * measure FILE any|one MILLISECONDS PROGRAM ARGUMENTS…: runs the program; FILE gets one line
 *
 *     WALL CPU LARGEST SUM STATUS
 *
 * WALL is the time from its start to its end, CPU the user and system time of it and all processes
 * below it, in nanoseconds. LARGEST is the peak resident set of the largest of these processes, and
 * SUM the largest sum of all their proportional set sizes that was seen, both in KiB; it is looked
 * at every so many MILLISECONDS, which costs time: with 0 not at all, and SUM is 0. STATUS is the
 * exit status (128 + n after signal n).
 *
 * With "one" the program stays on the processor that it happens to start on, as a recorded one
 * does: a fixed one might be busier than others.
 *
 * Nothing is left when it ends: what the program has left behind is killed, and so is everything
 * when measure gets SIGTERM, SIGINT or SIGHUP, or when its parent dies. Then its own exit status
 * is 3.
 *
 * A program of its own, since a child's peak memory counts what its parent had when it forked.
 */
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descendants.h"

struct run {
    pid_t pid;
    long start, end;
    long memory_kib;
    int status;
};

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

static void start(struct run *run, bool one_core, char **command)
{
    sigset_t none;
    run->start = now();
    run->pid = fork();
    if (run->pid != 0)
        return;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (one_core)
        stay_here();
    /* The runner's pipe, which is open as long as measure runs, is not the program's. */
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    execvp(command[0], command);
    _exit(127);
}

/* Returns whether the program has ended. Orphans are reaped as well: their times count. */
static bool reap(struct run *run)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != run->pid)
            continue;
        run->end = now();
        run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return true;
    }
    return false;
}

/* Returns false where a signal ended it before the program's end. */
static bool wait_for_end(struct run *run, const sigset_t *signals, long interval_ms)
{
    struct timespec interval = {interval_ms / 1000, interval_ms % 1000 * 1000000};
    for (;;) {
        int number = sigtimedwait(signals, NULL, interval_ms > 0 ? &interval : NULL);
        if (number == SIGCHLD && reap(run))
            return true;
        if (number > 0 && number != SIGCHLD)
            return false;
        long memory_kib = interval_ms > 0 ? descendants_memory_kib() : 0;
        if (memory_kib > run->memory_kib)
            run->memory_kib = memory_kib;
    }
}

static int report(FILE *file, const struct run *run)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    fprintf(file, "%ld %ld %ld %ld %d\n", run->end - run->start,
            nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime), usage.ru_maxrss,
            run->memory_kib, run->status);
    return fclose(file) == 0 ? 0 : 2;
}

/* Blocked from the beginning: a signal before the loop waits for it. */
static sigset_t block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signals;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    FILE *file = argc > 4 ? fopen(argv[1], "we") : NULL;
    if (!file)
        return 2;
    sigset_t signals = block_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    start(&run, strcmp(argv[2], "one") == 0, argv + 4);
    if (run.pid < 0)
        return 2;
    bool ended = wait_for_end(&run, &signals, atol(argv[3]));
    descendants_kill();
    return ended ? report(file, &run) : 3;
}
