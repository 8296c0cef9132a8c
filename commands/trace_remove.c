#include "commands/trace_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/trace_list.h"
#include "engine/base/cleanup.h"
#include "trace-format/location.h"

/* All that a trace directory may hold. */
static const char *const trace_files[] = {"trace", "index"};

static bool is_trace_file(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(trace_files); i++)
        if (strcmp(name, trace_files[i]) == 0)
            return true;
    return false;
}

/* Refuses a directory that is not a trace, or that holds more than one. */
static struct error *check_contents(int fd, const char *path)
{
    CLEANUP(close_fd) int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(closedir) DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    struct stat file;
    if (!directory)
        return error_errno(NULL, "cannot list %s", path);
    take_fd(&copy); /* the directory closes it */
    if (fstatat(fd, "trace", &file, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(file.st_mode))
        return error_new(NULL, "%s is not a trace: it has no file `trace`", path);
    const struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!is_trace_file(entry->d_name))
            return error_new("move it elsewhere first", "%s holds %s, which is no part of a trace",
                             path, entry->d_name);
    }
    return NULL;
}

struct error *trace_remove(const char *path)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(NULL, "cannot open %s", path);
    struct error *error = check_contents(fd, path);
    if (error)
        return error;
    for (size_t i = 0; i < ARRAY_LENGTH(trace_files); i++)
        if (unlinkat(fd, trace_files[i], 0) != 0 && errno != ENOENT)
            return error_errno(NULL, "cannot remove %s/%s", path, trace_files[i]);
    if (rmdir(path) != 0)
        return error_errno(NULL, "cannot remove %s", path);
    return NULL;
}

struct error *trace_fix_latest(const char *root)
{
    CLEANUP(free) char *link = NULL;
    CLEANUP(trace_list) struct trace_list list = {0};
    struct stat status;
    if (asprintf(&link, "%s/latest", root) < 0)
        return &err_no_memory;
    bool is_link = lstat(link, &status) == 0 && S_ISLNK(status.st_mode);
    if (!is_link || stat(link, &status) == 0)
        return NULL;
    struct error *error = trace_list_read(root, &list);
    if (error)
        return error;
    if (list.count == 0)
        return unlink(link) == 0 ? NULL : error_errno(NULL, "cannot remove %s", link);
    trace_list_sort(&list, TRACES_NEWEST_FIRST, false);
    return trace_set_latest(root, list.trace[0].path);
}
