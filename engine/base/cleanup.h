/*
 * Scope guards for local resources: `CLEANUP(close_fd) int fd = open(…);` closes on every way out
 * of the scope. Remote state (a tracee's) is never undone by a guard, but by a goto ladder in
 * reverse order.
 */
#ifndef REEL_BASE_CLEANUP_H
#define REEL_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(cleanup_##function)))

static inline void cleanup_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_fclose(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline void cleanup_closedir(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

/* Gives the resource away: returns it and leaves the guard nothing to do. */
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#endif
