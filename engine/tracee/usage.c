#include "engine/tracee/usage.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/cleanup.h"

static uint64_t processor_nanoseconds(pid_t process)
{
    struct timespec time = {0};
    clockid_t clock;
    if (clock_getcpuclockid(process, &clock) == 0)
        syscall(SYS_clock_gettime, clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The tenth field of /proc/PID/stat, whose second, in parentheses, may have anything in it. */
static uint64_t minor_faults(pid_t process)
{
    char path[64], line[1024] = {0};
    unsigned long faults = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", process);
    CLEANUP(fclose) FILE *file = fopen(path, "re");
    if (!file || !fgets(line, sizeof(line), file))
        return 0;
    const char *behind_name = strrchr(line, ')');
    if (!behind_name || sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %lu", &faults) != 1)
        return 0;
    return faults;
}

struct usage process_usage(pid_t process)
{
    return (struct usage){.nanoseconds = processor_nanoseconds(process),
                          .faults = minor_faults(process)};
}
