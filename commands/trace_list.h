/*
 * The traces in a directory: its subdirectories, symbolic links left out, that hold a file `trace`.
 */
#ifndef REEL_COMMANDS_TRACE_LIST_H
#define REEL_COMMANDS_TRACE_LIST_H

#include <time.h>

#include "engine/base/error.h"
#include "engine/base/types.h"

struct listed_trace {
    char *name;              /* in the directory */
    char *path;              /* directory/name */
    struct timespec written; /* when its file `trace` was last written */
    uint64_t bytes;          /* of that file */
};

/* Freed with trace_list_deinit(). */
struct trace_list {
    struct listed_trace *trace;
    size_t count, capacity;
};

struct error *trace_list_read(const char *directory, struct trace_list *ret) MUST_CHECK;
void trace_list_deinit(struct trace_list *list);

enum trace_order { TRACES_BY_NAME, TRACES_NEWEST_FIRST };
void trace_list_sort(struct trace_list *list, enum trace_order order, bool reverse);

/* CLEANUP(trace_list) */
static inline void cleanup_trace_list(struct trace_list *list)
{
    trace_list_deinit(list);
}

#endif
