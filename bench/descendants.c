#include "descendants.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct process {
    pid_t pid, parent;
    bool below;
};

struct processes {
    struct process *list;
    size_t count;
};

/* The name, in parentheses, may itself have some: what follows begins behind the last one. */
static bool read_parent(struct process *process)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", process->pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *end = strrchr(text, ')');
    return end && sscanf(end, ") %*c %d", &process->parent) == 1;
}

static void add(struct processes *all, pid_t pid)
{
    struct process process = {.pid = pid};
    if (!read_parent(&process))
        return;
    struct process *list = realloc(all->list, (all->count + 1) * sizeof(*list));
    if (!list)
        abort();
    all->list = list;
    list[all->count++] = process;
}

static struct processes list_all(void)
{
    struct processes all = {0};
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]))
            add(&all, atoi(entry->d_name));
    if (directory)
        closedir(directory);
    return all;
}

static bool is_below(const struct processes *all, pid_t pid)
{
    if (pid == getpid())
        return true;
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].pid == pid)
            return all->list[i].below;
    return false;
}

/* Children may have smaller numbers than their parents: as many rounds as find one. */
static struct processes list_tree(void)
{
    struct processes all = list_all();
    for (bool found = true; found;) {
        found = false;
        for (size_t i = 0; i < all.count; i++) {
            struct process *process = &all.list[i];
            if (!process->below && is_below(&all, process->parent))
                process->below = found = true;
        }
    }
    return all;
}

static long pss_kib(pid_t pid)
{
    char path[64], line[256];
    long result = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    while (file && result == 0 && fgets(line, sizeof(line), file))
        sscanf(line, "Pss: %ld", &result);
    if (file)
        fclose(file);
    return result;
}

long descendants_memory_kib(void)
{
    long sum = 0;
    struct processes all = list_tree();
    for (size_t i = 0; i < all.count; i++)
        if (all.list[i].below)
            sum += pss_kib(all.list[i].pid);
    free(all.list);
    return sum;
}

void descendants_kill(void)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    for (;;) {
        pid_t reaped;
        while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (reaped < 0 && errno == ECHILD)
            return;
        struct processes all = list_tree();
        for (size_t i = 0; i < all.count; i++)
            if (all.list[i].below)
                kill(all.list[i].pid, SIGKILL);
        free(all.list);
        nanosleep(&millisecond, NULL);
    }
}
