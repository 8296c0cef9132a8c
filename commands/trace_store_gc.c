/* The part of trace_remove.h that frees stored files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/command_result.h"
#include "commands/trace_list.h"
#include "commands/trace_merge.h"
#include "commands/trace_remove.h"

/* A set of names, sorted before it is searched. */
struct names {
    struct store_name *name;
    size_t count, capacity;
};

static int compare_names(const void *left, const void *right)
{
    const struct store_name *a = left, *b = right;
    return strcmp(a->hex, b->hex);
}

static void names_sort(struct names *names)
{
    size_t kept = 0;
    if (names->count)
        qsort(names->name, names->count, sizeof(*names->name), compare_names);
    for (size_t i = 0; i < names->count; i++)
        if (i == 0 || compare_names(&names->name[i], &names->name[kept - 1]) != 0)
            names->name[kept++] = names->name[i];
    names->count = kept;
}

static struct error *names_add(struct names *names, const struct store_name *name)
{
    if (names->count == names->capacity) {
        names_sort(names); /* libraries are mapped again and again: this frees most of the room */
        if (names->count >= names->capacity / 2) {
            size_t larger = names->capacity ? 2 * names->capacity : 256;
            void *grown = reallocarray(names->name, larger, sizeof(*names->name));
            if (!grown)
                return &err_no_memory;
            names->name = grown;
            names->capacity = larger;
        }
    }
    names->name[names->count++] = *name;
    return NULL;
}

static bool names_have(const struct names *names, const char *text)
{
    struct store_name name;
    if (strlen(text) >= sizeof(name.hex) || !names->count)
        return false;
    strcpy(name.hex, text);
    return bsearch(&name, names->name, names->count, sizeof(name), compare_names) != NULL;
}

static struct error *add_event(struct names *names, const struct event *event)
{
    struct error *error = NULL;
    for (size_t i = 0; i < event->effect_count && !error; i++) {
        const struct effect *effect = &event->effects[i];
        if (effect->kind == EFFECT_MAP && effect->map.contents.hex[0])
            error = names_add(names, &effect->map.contents);
    }
    return error;
}

/*
 * A recorder has its trace open for writing, and a read lease is only given on a file that nobody
 * has (fcntl(2)). File systems without leases, and files of others, answer otherwise: not EAGAIN.
 */
static bool is_being_recorded(const struct listed_trace *trace)
{
    CLEANUP(free) char *path = NULL;
    if (asprintf(&path, "%s/trace", trace->path) < 0)
        return true;
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
}

static struct error *add_trace(struct names *names, const struct listed_trace *trace)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    CLEANUP(trace_merge) struct trace_merge *merge = NULL;
    if (is_being_recorded(trace))
        return error_new("try again when it is complete", "%s is being recorded", trace->path);
    struct error *error = trace_reader_open(trace->path, &reader);
    if (!error)
        error = trace_merge_create(reader, &merge);
    while (!error) {
        uint32_t stream;
        const struct event *event;
        error = trace_merge_next(merge, &stream, &event);
        if (error || !event)
            break;
        error = add_event(names, event);
    }
    return error;
}

static struct error *collect_names(const char *root, struct names *names)
{
    CLEANUP(trace_list) struct trace_list list = {0};
    struct error *error = trace_list_read(root, &list);
    for (size_t i = 0; i < list.count && !error; i++)
        error = add_trace(names, &list.trace[i]);
    names_sort(names);
    return error_prefix(error, "nothing removed from the store");
}

static bool is_contents_name(const char *name)
{
    return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

static struct error *remove_contents(DIR *store, const struct names *needed, struct gc_result *ret)
{
    const struct dirent *entry;
    while ((entry = readdir(store))) {
        struct stat file;
        if (!is_contents_name(entry->d_name) || names_have(needed, entry->d_name) ||
            fstatat(dirfd(store), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(file.st_mode))
            continue;
        if (unlinkat(dirfd(store), entry->d_name, 0) != 0)
            return error_errno(NULL, "cannot remove %s from the store", entry->d_name);
        ret->files++;
        ret->bytes += (uint64_t)file.st_blocks * 512;
    }
    return NULL;
}

/* Links in store/seen whose contents are gone would only mislead. */
static struct error *remove_dangling(DIR *store)
{
    CLEANUP(close_fd)
    int fd = openat(dirfd(store), "seen", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP(closedir) DIR *seen = fd < 0 ? NULL : fdopendir(fd);
    if (!seen)
        return errno == ENOENT ? NULL : error_errno(NULL, "cannot list the store's `seen`");
    take_fd(&fd);
    const struct dirent *entry;
    while ((entry = readdir(seen))) {
        char target[PATH_MAX];
        ssize_t length = readlinkat(dirfd(seen), entry->d_name, target, sizeof(target) - 1);
        if (length < 0)
            continue; /* not a link */
        target[length] = '\0';
        const char *slash = strrchr(target, '/');
        struct stat file;
        if (fstatat(dirfd(store), slash ? slash + 1 : target, &file, AT_SYMLINK_NOFOLLOW) != 0 &&
            unlinkat(dirfd(seen), entry->d_name, 0) != 0)
            return error_errno(NULL, "cannot remove %s from the store's `seen`", entry->d_name);
    }
    return NULL;
}

static struct error *remove_notes(DIR *store)
{
    CLEANUP(close_fd)
    int fd = openat(dirfd(store), "notes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP(closedir) DIR *notes = fd < 0 ? NULL : fdopendir(fd);
    if (!notes)
        return errno == ENOENT ? NULL : error_errno(NULL, "cannot list the store's `notes`");
    take_fd(&fd);
    const struct dirent *entry;
    while ((entry = readdir(notes))) {
        struct stat file;
        if (is_contents_name(entry->d_name) &&
            fstatat(dirfd(store), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0 &&
            unlinkat(dirfd(notes), entry->d_name, 0) != 0)
            return error_errno(NULL, "cannot remove %s from the store's `notes`", entry->d_name);
    }
    return NULL;
}

struct error *trace_store_gc(const char *root, struct gc_result *ret)
{
    CLEANUP(free) char *path = NULL;
    *ret = (struct gc_result){0};
    if (asprintf(&path, "%s/store", root) < 0)
        return &err_no_memory;
    CLEANUP(closedir) DIR *store = opendir(path);
    if (!store)
        return errno == ENOENT ? NULL : error_errno(NULL, "cannot list %s", path);
    struct names needed = {0};
    struct error *error = collect_names(root, &needed);
    if (!error)
        error = remove_contents(store, &needed, ret);
    if (!error)
        error = remove_dangling(store);
    if (!error)
        error = remove_notes(store);
    free(needed.name);
    return error;
}
