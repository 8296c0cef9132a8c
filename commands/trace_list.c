#include "commands/trace_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/cleanup.h"

void trace_list_deinit(struct trace_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->trace[i].name);
        free(list->trace[i].path);
    }
    free(list->trace);
    *list = (struct trace_list){0};
}

static struct error *append(struct trace_list *list, const char *directory, const char *name,
                            const struct stat *file)
{
    if (list->count == list->capacity) {
        size_t larger = list->capacity ? 2 * list->capacity : 16;
        void *grown = reallocarray(list->trace, larger, sizeof(*list->trace));
        if (!grown)
            return &err_no_memory;
        list->trace = grown;
        list->capacity = larger;
    }
    struct listed_trace entry = {
        .name = strdup(name), .written = file->st_mtim, .bytes = (uint64_t)file->st_size};
    if (asprintf(&entry.path, "%s/%s", directory, name) < 0)
        entry.path = NULL;
    if (!entry.name || !entry.path) {
        free(entry.name);
        free(entry.path);
        return &err_no_memory;
    }
    list->trace[list->count++] = entry;
    return NULL;
}

/* Whether `name` in the open directory is a trace; and its file. */
static bool is_trace(int directory, const char *name, struct stat *file)
{
    CLEANUP(close_fd)
    int fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fstatat(fd, "trace", file, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(file->st_mode);
}

struct error *trace_list_read(const char *directory, struct trace_list *ret)
{
    *ret = (struct trace_list){0};
    CLEANUP(closedir) DIR *open_directory = opendir(directory);
    if (!open_directory)
        return error_errno(NULL, "cannot list %s", directory);
    struct error *error = NULL;
    while (!error) {
        errno = 0;
        const struct dirent *entry = readdir(open_directory);
        if (!entry && errno)
            error = error_errno(NULL, "cannot list %s", directory);
        if (!entry)
            break;
        struct stat file;
        if (entry->d_name[0] != '.' && is_trace(dirfd(open_directory), entry->d_name, &file))
            error = append(ret, directory, entry->d_name, &file);
    }
    if (error)
        trace_list_deinit(ret);
    return error;
}

static int by_name(const void *left, const void *right)
{
    const struct listed_trace *a = left, *b = right;
    return strverscmp(a->name, b->name); /* ls-2 before ls-10 */
}

static int newest_first(const void *left, const void *right)
{
    const struct listed_trace *a = left, *b = right;
    if (a->written.tv_sec != b->written.tv_sec)
        return a->written.tv_sec < b->written.tv_sec ? 1 : -1;
    if (a->written.tv_nsec != b->written.tv_nsec)
        return a->written.tv_nsec < b->written.tv_nsec ? 1 : -1;
    return by_name(left, right);
}

void trace_list_sort(struct trace_list *list, enum trace_order order, bool reverse)
{
    if (!list->count)
        return;
    qsort(list->trace, list->count, sizeof(*list->trace),
          order == TRACES_BY_NAME ? by_name : newest_first);
    for (size_t i = 0; reverse && i < list->count / 2; i++) {
        struct listed_trace moved = list->trace[i];
        list->trace[i] = list->trace[list->count - 1 - i];
        list->trace[list->count - 1 - i] = moved;
    }
}
