#include "trace-format/location.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"

#define NAME_PART_MAX 200 /* of a program's name in a trace's: NAME_MAX is 255 */

static const char remedy_root[] = "set REEL_TRACE_DIR to a directory that you can write to";
static const char remedy_list[] = "`reel ls` lists the recordings";

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *home(void)
{
    const char *home = environment("HOME");
    if (home)
        return home;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_dir : NULL;
}

/* Two paths joined on the heap; an absolute `name` stands for itself. NULL without memory. */
static char *join(const char *directory, const char *name)
{
    char *path;
    if (*name == '/')
        return strdup(name);
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static struct error *root_path(char **ret)
{
    const char *root = environment("REEL_TRACE_DIR");
    const char *data = environment("XDG_DATA_HOME");
    *ret = NULL;
    if (root) {
        CLEANUP(free) char *here = getcwd(NULL, 0);
        if (!here)
            return error_errno(remedy_root, "cannot tell the working directory");
        *ret = join(here, root);
    } else if (data && *data == '/') { /* the XDG specification has relative ones ignored */
        *ret = join(data, "reel");
    } else if (home()) {
        *ret = join(home(), ".local/share/reel");
    } else {
        return error_new(remedy_root, "no home directory to keep recordings in");
    }
    return *ret ? NULL : &err_no_memory;
}

/* Makes `path` and what is missing above it. False with errno set. */
static bool make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

struct error *trace_root(bool create, char **ret)
{
    CLEANUP(free) char *path = NULL;
    struct error *error = root_path(&path);
    if (error)
        return error;
    if (create && !make_directories(path))
        return error_errno(remedy_root, "cannot make the directory %s", path);
    if (create && access(path, W_OK | X_OK) < 0)
        return error_errno(remedy_root, "cannot write to %s", path);
    *ret = path;
    path = NULL;
    return NULL;
}

/* The last path component, cut to NAME_PART_MAX bytes; "trace" if there is none. */
static void program_name(const char *program, char name[NAME_PART_MAX + 1])
{
    size_t end = strlen(program);
    while (end && program[end - 1] == '/')
        end--;
    size_t start = end;
    while (start && program[start - 1] != '/')
        start--;
    int length = end - start < NAME_PART_MAX ? (int)(end - start) : NAME_PART_MAX;
    if (length)
        snprintf(name, NAME_PART_MAX + 1, "%.*s", length, program + start);
    else
        snprintf(name, NAME_PART_MAX + 1, "trace");
}

/* The number in "NAME-NUMBER", or -1 if `entry` is not of that form. */
static long number_of(const char *entry, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(entry, name, length) != 0 || entry[length] != '-')
        return -1;
    const char *digits = entry + length + 1;
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > 9 || digits[count])
        return -1;
    return strtol(digits, NULL, 10);
}

struct error *trace_new_path(const char *root, const char *program, char **ret)
{
    char name[NAME_PART_MAX + 1];
    long next = 0;
    program_name(program, name);
    CLEANUP(closedir) DIR *directory = opendir(root);
    if (!directory)
        return error_errno(remedy_root, "cannot list %s", root);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        long number = number_of(entry->d_name, name);
        next = number >= next ? number + 1 : next;
    }
    return asprintf(ret, "%s/%s-%ld", root, name, next) < 0 ? &err_no_memory : NULL;
}

/* The absolute path of `directory` if it holds a trace, else NULL. */
static char *trace_at(const char *directory)
{
    struct stat stat_of_trace;
    CLEANUP(free) char *file = join(directory, "trace");
    if (!file || stat(file, &stat_of_trace) < 0 || S_ISDIR(stat_of_trace.st_mode))
        return NULL;
    return realpath(directory, NULL);
}

struct error *trace_find(const char *name, char **ret)
{
    CLEANUP(free) char *root = NULL;
    if (name && (*ret = trace_at(name)))
        return NULL;
    struct error *error = trace_root(false, &root);
    if (error)
        return error;
    CLEANUP(free) char *path = join(root, name ? name : "latest");
    if (!path)
        return &err_no_memory;
    *ret = trace_at(path);
    if (*ret)
        return NULL;
    if (!name)
        return error_new("`reel record PROGRAM` makes a recording", "no latest trace in %s", root);
    if (*name == '/')
        return error_new(remedy_list, "no trace at %s", name);
    return error_new(remedy_list, "no trace called %s, neither here nor in %s", name, root);
}

/* What the link says: just the name for a trace in ROOT, so that ROOT may be moved. */
static const char *link_target(const char *root, const char *directory)
{
    size_t length = strlen(root);
    if (strncmp(directory, root, length) == 0 && directory[length] == '/' &&
        directory[length + 1] && !strchr(directory + length + 1, '/'))
        return directory + length + 1;
    return directory;
}

static struct error *replace_link(const char *target, const char *temporary, const char *path)
{
    unlink(temporary); /* left over by a process of the same number */
    if (symlink(target, temporary) < 0)
        return error_errno(remedy_root, "cannot make the link %s", temporary);
    if (rename(temporary, path) == 0)
        return NULL;
    struct error *error = error_errno(remedy_root, "cannot replace the link %s", path);
    unlink(temporary);
    return error;
}

struct error *trace_set_latest(const char *root, const char *directory)
{
    CLEANUP(free) char *absolute = realpath(directory, NULL);
    CLEANUP(free) char *real_root = realpath(root, NULL);
    CLEANUP(free) char *path = join(root, "latest");
    CLEANUP(free) char *temporary = NULL;
    if (!absolute || !real_root)
        return error_errno(remedy_root, "cannot find %s", absolute ? root : directory);
    if (!path || asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0) {
        temporary = NULL;
        return &err_no_memory;
    }
    return replace_link(link_target(real_root, absolute), temporary, path);
}
