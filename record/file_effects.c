/*
 * Calls that change a file which the program has mapped change its memory, and not by their
 * arguments: a write shows in shared mappings and in those pages of private ones that the program
 * has not written itself; a truncation zeroes memory, or makes it inaccessible (SIGBUS, mmap(2)).
 * And /proc/PID/mem is a file whose contents are memory.
 *
 * What is in memory after the call is logged. Files that a process of another stream has mapped are
 * not looked at (memory shared between streams is not recorded yet).
 */
#include <asm/unistd.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/maps.h"
#include "record/recorder.h"

/* --- Which file, and what of it -------------------------------------------------------------- */

int open_descriptor(const struct task *task, int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/%d/fd/%d", task->tid, descriptor);
    if (path) {
        ssize_t length = readlink(link, path, DESCRIPTOR_PATH_MAX - 1);
        path[length > 0 ? length : 0] = 0;
    }
    return open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* What a call did to a file. */
struct change {
    int descriptor;        /* or -1: the file at `path`, */
    taddr path;            /* a string of the program's, */
    int directory;         /* relative to this descriptor */
    bool at_position;      /* `length` bytes before the descriptor's position; else */
    uint64_t from, length; /* these bytes */
};

static uint64_t position(const struct task *task, int descriptor)
{
    char path[64];
    uint64_t position = 0;
    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", task->tid, descriptor);
    CLEANUP(fclose) FILE *file = fopen(path, "re");
    return file && fscanf(file, "pos: %lu", &position) == 1 ? position : 0;
}

/* Where a call that takes a pointer to an offset has left off: the pointer is the program's, and
 * its value has been moved on. */
static void set_offset(struct task *task, uint64_t pointer, struct change *change)
{
    uint64_t end;
    change->at_position = pointer == 0;
    if (pointer &&
        tracee_read_some(task->tracee, taddr_of(pointer), &end, sizeof(end)) == sizeof(end))
        change->from = end - change->length;
}

/* false: the call changes no file's contents. */
static bool find_change(struct task *task, const struct call *call, struct change *ret)
{
    const uint64_t *argument = call->argument;
    uint64_t flags = 0;
    *ret = (struct change){.descriptor = (int)argument[0], .length = (uint64_t)call->result};
    switch (call->number) {
    case __NR_write:
    case __NR_writev:
    case __NR_sendfile:
        ret->at_position = true;
        return true;
    case __NR_pwritev2:
        ret->at_position = argument[3] == (uint64_t)-1;
        ret->from = argument[3];
        return true;
    case __NR_pwrite64:
    case __NR_pwritev:
        ret->from = argument[3];
        return true;
    case __NR_copy_file_range:
    case __NR_splice:
        ret->descriptor = (int)argument[2];
        set_offset(task, argument[3], ret);
        return true;
    case __NR_fallocate: /* it may shift what is behind */
        ret->from = argument[2];
        ret->length = (uint64_t)INT64_MAX - argument[2];
        return true;
    case __NR_ftruncate:
        return true;
    case __NR_truncate:
        *ret = (struct change){-1, taddr_of(argument[0]), AT_FDCWD, false, 0, 0};
        return true;
    case __NR_open:
        flags = argument[1];
        break;
    case __NR_openat:
        flags = argument[2];
        break;
    case __NR_openat2:
        tracee_read_some(task->tracee, taddr_of(argument[2]), &flags, sizeof(flags));
        break;
    case __NR_creat:
        flags = O_TRUNC;
        break;
    }
    *ret = (struct change){.descriptor = (int)call->result};
    return flags & O_TRUNC;
}

static bool find_file(struct task *task, const struct change *change, struct stat *ret)
{
    char path[PATH_MAX], link[PATH_MAX + 64];
    if (change->descriptor >= 0) {
        snprintf(link, sizeof(link), "/proc/%d/fd/%d", task->tid, change->descriptor);
        return stat(link, ret) == 0;
    }
    if (!tracee_read_string(task->tracee, change->path, path, sizeof(path)))
        return false;
    snprintf(link, sizeof(link), "/proc/%d/%s/%s", task->tid, path[0] == '/' ? "root" : "cwd",
             path);
    return stat(link, ret) == 0;
}

/* --- The change in memory -------------------------------------------------------------------- */

/* Pages of the range from file offset `from` to `end`, both cut to it, as a mapping of their own:
 * `contents`, or none for memory that is there. */
static struct error *add_new_pages(struct recorder *recorder, struct task *task,
                                   const struct mapped_range *range, uint64_t from, uint64_t end,
                                   const struct store_name *contents)
{
    uint64_t last = range->offset + (range->end - range->start);
    from = from > range->offset ? from : range->offset;
    end = end < last ? end : last;
    if (from >= end)
        return NULL;
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    uint64_t start = range->start + (from - range->offset);
    const struct mapping *mapping = mapping_at(&mappings, start);
    struct effect effect = {.kind = EFFECT_MAP,
                            .address = taddr_of(start),
                            .length = end - from,
                            .map.protection = mapping ? mapping->protection : 0,
                            .map.flags = range->shared ? MAP_EFFECT_SHARED : 0,
                            .map.path = ""};
    if (contents)
        effect.map.contents = *contents;
    mappings_deinit(&mappings);
    return draft_effect(&recorder->draft, &effect);
}

/* A file without contents: memory mapped from it cannot be accessed, as behind a file's end. */
static struct error *put_empty_file(struct recorder *recorder, struct store_name *ret)
{
    CLEANUP(close_fd) int fd = memfd_create("empty", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(NULL, "cannot make an empty file");
    return store_put(recorder->store, fd, "(empty)", ret);
}

static struct error *add_size(struct recorder *recorder, struct task *task,
                              const struct mapped_range *range, uint64_t size)
{
    if (range->object) {
        struct effect effect = {.kind = EFFECT_RESIZE, .resize = {range->object, size}};
        return draft_effect(&recorder->draft, &effect);
    }
    if (size > range->size)
        return add_new_pages(recorder, task, range, page_up(range->size), page_up(size), NULL);
    struct store_name empty;
    struct error *error = put_empty_file(recorder, &empty);
    return error
               ? error
               : add_new_pages(recorder, task, range, page_up(size), page_up(range->size), &empty);
}

static struct error *add_bytes(struct recorder *recorder, struct task *task,
                               const struct mapped_range *range, uint64_t from, uint64_t end)
{
    uint64_t last = range->offset + (range->end - range->start);
    from = from > range->offset ? from : range->offset;
    end = end < last ? end : last;
    if (from >= end)
        return NULL;
    return draft_memory(&recorder->draft, task->tracee,
                        taddr_of(range->start + (from - range->offset)), end - from);
}

/* The file has changed in [from, end), and where it grew or shrank. */
static struct error *add_file_change(struct recorder *recorder, struct task *task,
                                     const struct stat *file, uint64_t from, uint64_t end)
{
    struct mapped_ranges *files = &task->group->files;
    uint64_t size = (uint64_t)file->st_size;
    struct error *error = NULL;
    for (size_t i = 0; !error && i < files->count; i++) {
        struct mapped_range *range = &files->range[i];
        if (range->device != file->st_dev || range->inode != file->st_ino)
            continue;
        if (range->size != size) {
            uint64_t smaller = size < range->size ? size : range->size;
            from = from < smaller ? from : smaller;
            end = end > page_up(size) ? end : page_up(size);
            error = add_size(recorder, task, range, size);
        }
        range->size = size;
        if (!error)
            error = add_bytes(recorder, task, range, from, end);
    }
    return error;
}

/* --- /proc/PID/mem --------------------------------------------------------------------------- */

static bool is_own_memory(const struct task *task, int descriptor, const struct stat *file)
{
    static dev_t proc_device;
    struct stat status;
    char link[64], path[64];
    int pid, end = 0;
    if (!proc_device && stat("/proc/self/mem", &status) == 0)
        proc_device = status.st_dev;
    if (file->st_dev != proc_device)
        return false;
    snprintf(link, sizeof(link), "/proc/%d/fd/%d", task->tid, descriptor);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = 0;
    if (sscanf(path, "/proc/%d/mem%n", &pid, &end) < 1 || end == 0)
        sscanf(path, "/proc/%*d/task/%d/mem%n", &pid, &end);
    return end && !path[end] && pid == task->process->pid;
}

/* --------------------------------------------------------------------------------------------- */

struct error *add_file_effects(struct recorder *recorder, struct task *task,
                               const struct call *call)
{
    struct change change;
    struct stat file;
    if (call->result < 0 || !find_change(task, call, &change) || !find_file(task, &change, &file) ||
        !S_ISREG(file.st_mode))
        return NULL;
    if (change.at_position)
        change.from = position(task, change.descriptor) - change.length;
    if (is_own_memory(task, change.descriptor, &file))
        return draft_memory(&recorder->draft, task->tracee, taddr_of(change.from), change.length);
    return add_file_change(recorder, task, &file, change.from, change.from + change.length);
}
