#include "trace-format/frame_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"

static const char remedy_elsewhere[] = "name another directory with -o, or remove that one";
static const char remedy_space[] = "free disk space or raise the file size limit (ulimit -f); what "
                                   "was recorded before can be replayed";

static bool is_empty_directory(const char *path)
{
    CLEANUP(closedir) DIR *directory = opendir(path);
    if (!directory)
        return false;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    }
    return true;
}

static struct error *make_directory(const char *path)
{
    if (mkdir(path, 0700) == 0 || (errno == EEXIST && is_empty_directory(path)))
        return NULL;
    if (errno == EEXIST)
        return error_new(remedy_elsewhere, "%s exists and is not an empty directory", path);
    return error_errno("name a directory that can be made with -o", "cannot make %s", path);
}

struct error *frame_file_create(const char *directory, struct frame_file *ret)
{
    *ret = (struct frame_file){.fd = -1};
    struct error *error = make_directory(directory);
    if (error)
        return error;
    ret->packed = malloc(FRAME_HEADER_BYTES + FRAME_RAW_MAX);
    if (!ret->packed || asprintf(&ret->path, "%s/trace", directory) < 0) {
        free(ret->packed);
        return &err_no_memory;
    }
    ret->fd = open(ret->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (ret->fd >= 0)
        return NULL;
    error = error_errno(remedy_elsewhere, "cannot create %s", ret->path);
    free(ret->packed);
    free(ret->path);
    return error;
}

/* False with errno set. */
static bool write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
    while (size) {
        ssize_t written = pwrite(fd, bytes, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            errno = written == 0 ? ENOSPC : errno;
            return false;
        }
        bytes += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return true;
}

struct error *frame_file_append(struct frame_file *file, struct frame *frame, const uint8_t *raw)
{
    frame->sequence = file->sequence;
    size_t size = frame_pack(frame, raw, file->packed);
    if (write_all(file->fd, file->packed, size, file->size)) {
        file->size += size;
        file->sequence++;
        return NULL;
    }
    struct error *error = error_errno(remedy_space, "cannot write to %s", file->path);
    if (ftruncate(file->fd, (off_t)file->size) < 0)
        return error; /* then the cut frame stays, as after a kill: readers stop before it */
    return error;
}

struct error *frame_file_close(struct frame_file *file)
{
    struct error *error = NULL;
    /* NFS and FUSE tell of failed writes only now. */
    if (close(file->fd) < 0 && errno != EINTR)
        error = error_errno(remedy_space, "cannot write to %s", file->path);
    free(file->path);
    free(file->packed);
    *file = (struct frame_file){.fd = -1};
    return error;
}
