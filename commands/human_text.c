#include "commands/human_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "engine/syscall/call_text.h"

char *size_text(uint64_t bytes, char *ret)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        snprintf(ret, HUMAN_TEXT, "%u B", (unsigned)bytes);
        return ret;
    }
    double value = (double)bytes / 1000;
    size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < ARRAY_LENGTH(units); unit++)
        value /= 1000;
    snprintf(ret, HUMAN_TEXT, "%.1f %s", value, units[unit]);
    return ret;
}

char *duration_text(uint64_t nanoseconds, char *ret)
{
    uint64_t seconds = nanoseconds / 1000000000;
    if (nanoseconds < 1000000)
        snprintf(ret, HUMAN_TEXT, "%.0f µs", (double)nanoseconds / 1e3);
    else if (nanoseconds < 1000000000)
        snprintf(ret, HUMAN_TEXT, "%.1f ms", (double)nanoseconds / 1e6);
    else if (seconds < 60)
        snprintf(ret, HUMAN_TEXT, "%.2f s", (double)nanoseconds / 1e9);
    else if (seconds < 3600)
        snprintf(ret, HUMAN_TEXT, "%u min %u s", (unsigned)(seconds / 60),
                 (unsigned)(seconds % 60));
    else
        snprintf(ret, HUMAN_TEXT, "%llu h %u min", (unsigned long long)(seconds / 3600),
                 (unsigned)(seconds / 60 % 60));
    return ret;
}

char *date_text(uint64_t seconds, char *ret)
{
    time_t when = (time_t)seconds;
    struct tm broken_down;
    if (!localtime_r(&when, &broken_down) ||
        !strftime(ret, HUMAN_TEXT, "%Y-%m-%d %H:%M:%S", &broken_down))
        snprintf(ret, HUMAN_TEXT, "@%llu", (unsigned long long)seconds);
    return ret;
}

char *wait_status_text(uint32_t status, char *ret)
{
    if (WIFEXITED(status))
        snprintf(ret, HUMAN_TEXT, "exit %d", WEXITSTATUS(status));
    else
        snprintf(ret, HUMAN_TEXT, "%s%s", signal_name(WTERMSIG(status)),
                 WCOREDUMP(status) ? " (core dumped)" : "");
    return ret;
}

int exit_number(uint32_t wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -WTERMSIG(wait_status);
}
