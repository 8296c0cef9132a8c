/*
 * vFile: gdb reads the program and its libraries through the server ("set sysroot target:").
 *
 * What the recording mapped comes from the recording: that is the file as it was, even if it was
 * rebuilt since. Other regular files (separate debug information) come from this machine. Nothing
 * can be written, and /proc is refused: its process ids are not the recording's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

void gdb_files_init(struct gdb_session *session)
{
    for (size_t i = 0; i < GDB_OPEN_FILES; i++)
        session->files[i] = -1;
}

void gdb_files_deinit(struct gdb_session *session)
{
    for (size_t i = 0; i < GDB_OPEN_FILES; i++)
        cleanup_close_fd(&session->files[i]);
}

/* The protocol's own errno (GDB manual, "Errno Values"); most are Linux's. */
static unsigned protocol_errno(int number)
{
    static const uint8_t same[] = {EPERM,  ENOENT, EINTR,  EBADF,   EACCES, EFAULT,
                                   EBUSY,  EEXIST, ENODEV, ENOTDIR, EISDIR, EINVAL,
                                   ENFILE, EMFILE, EFBIG,  ENOSPC,  ESPIPE, EROFS};
    for (size_t i = 0; i < ARRAY_LENGTH(same); i++) {
        if (same[i] == number)
            return (unsigned)number;
    }
    return number == ENAMETOOLONG ? 91 : number == ENOSYS ? 88 : 9999;
}

static void put_failure(struct gdb_session *session, int number)
{
    gdb_put_text(&session->reply, "F-1,%x", protocol_errno(number));
}

static void put_bytes(struct gdb_session *session, const void *bytes, size_t size)
{
    gdb_put_text(&session->reply, "F%zx;", size);
    gdb_put_escaped(&session->reply, bytes, size);
}

static int open_recorded(const struct gdb_session *session, const char *path)
{
    int fd = target_open_file(session->target, path);
    if (fd >= 0)
        return fd;
    /* The linker knows /lib/…, the kernel mapped /usr/lib/…. */
    CLEANUP(free) char *resolved = realpath(path, NULL);
    return resolved ? target_open_file(session->target, resolved) : -1;
}

/* Not a device, not a FIFO: opening those does something, or waits. */
static int open_local(const char *path)
{
    struct stat status;
    if (strncmp(path, "/proc/", 6) == 0) {
        errno = ENOENT;
        return -1;
    }
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        errno = EACCES;
        return -1;
    }
    return take_fd(&fd);
}

static int keep_file(struct gdb_session *session, int fd)
{
    for (int i = 0; i < GDB_OPEN_FILES; i++) {
        if (session->files[i] < 0) {
            session->files[i] = fd;
            return i;
        }
    }
    close(fd);
    errno = EMFILE;
    return -1;
}

/* A path in hex up to `end`, as a string on the heap; NULL if there is none or it holds a NUL. */
static char *scan_path(struct gdb_scan *arguments, char end)
{
    struct buffer path = {0};
    struct gdb_scan field = gdb_scan_until(arguments, end);
    gdb_scan_hex_bytes(&field, &path);
    if (field.failed || path.size == 0 || memchr(path.data, 0, path.size)) {
        buffer_deinit(&path);
        return NULL;
    }
    return (char *)path.data;
}

/* vFile:open:PATH,FLAGS,MODE. The protocol's O_RDONLY is 0. */
static void on_open(struct gdb_session *session, struct gdb_scan *arguments)
{
    CLEANUP(free) char *path = scan_path(arguments, ',');
    uint64_t flags = gdb_scan_hex(arguments);
    if (!path || arguments->failed) {
        put_failure(session, EINVAL);
        return;
    }
    if (flags != 0) {
        put_failure(session, EROFS);
        return;
    }
    int fd = open_recorded(session, path);
    if (fd < 0)
        fd = open_local(path);
    int number = fd < 0 ? -1 : keep_file(session, fd);
    if (number < 0)
        put_failure(session, errno);
    else
        gdb_put_text(&session->reply, "F%x", (unsigned)number);
}

/* The descriptor that a request names; NULL, with the failure put, if it names none. */
static int *scan_file(struct gdb_session *session, struct gdb_scan *arguments)
{
    uint64_t number = gdb_scan_hex(arguments);
    if (arguments->failed || number >= GDB_OPEN_FILES || session->files[number] < 0) {
        put_failure(session, EBADF);
        return NULL;
    }
    return &session->files[number];
}

static void on_close(struct gdb_session *session, struct gdb_scan *arguments)
{
    int *fd = scan_file(session, arguments);
    if (!fd)
        return;
    close(*fd);
    *fd = -1;
    gdb_put_text(&session->reply, "F0");
}

/* vFile:pread:FD,COUNT,OFFSET */
static void on_pread(struct gdb_session *session, struct gdb_scan *arguments)
{
    static uint8_t bytes[GDB_PACKET_BYTES / 2 - 32]; /* each may need an escape */
    int *fd = scan_file(session, arguments);
    if (!fd)
        return;
    gdb_scan_expect(arguments, ',');
    uint64_t size = gdb_scan_hex(arguments);
    gdb_scan_expect(arguments, ',');
    uint64_t offset = gdb_scan_hex(arguments);
    if (arguments->failed || offset > INT64_MAX) {
        put_failure(session, EINVAL);
        return;
    }
    ssize_t got = pread(*fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes), (off_t)offset);
    if (got < 0)
        put_failure(session, errno);
    else
        put_bytes(session, bytes, (size_t)got);
}

static void put_big_endian(struct buffer *out, uint64_t value, unsigned size)
{
    for (unsigned i = size; i-- > 0;)
        buffer_put_u8(out, (uint8_t)(value >> (8 * i)));
}

/* The protocol's struct stat: 64 bytes, big-endian. */
static void put_stat(struct buffer *out, const struct stat *status)
{
    put_big_endian(out, status->st_dev, 4);
    put_big_endian(out, status->st_ino, 4);
    put_big_endian(out, status->st_mode, 4);
    put_big_endian(out, status->st_nlink, 4);
    put_big_endian(out, status->st_uid, 4);
    put_big_endian(out, status->st_gid, 4);
    put_big_endian(out, status->st_rdev, 4);
    put_big_endian(out, (uint64_t)status->st_size, 8);
    put_big_endian(out, (uint64_t)status->st_blksize, 8);
    put_big_endian(out, (uint64_t)status->st_blocks, 8);
    put_big_endian(out, (uint64_t)status->st_atime, 4);
    put_big_endian(out, (uint64_t)status->st_mtime, 4);
    put_big_endian(out, (uint64_t)status->st_ctime, 4);
}

static void on_fstat(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct stat status;
    int *fd = scan_file(session, arguments);
    if (!fd)
        return;
    if (fstat(*fd, &status) < 0) {
        put_failure(session, errno);
        return;
    }
    struct buffer bytes = {0};
    put_stat(&bytes, &status);
    put_bytes(session, bytes.data, bytes.size);
    buffer_deinit(&bytes);
}

static void on_readlink(struct gdb_session *session, struct gdb_scan *arguments)
{
    char link[PATH_MAX];
    CLEANUP(free) char *path = scan_path(arguments, ',');
    errno = EINVAL;
    ssize_t size = path ? readlink(path, link, sizeof(link)) : -1;
    if (size < 0)
        put_failure(session, errno);
    else
        put_bytes(session, link, (size_t)size);
}

/* There is one file system. */
static void on_setfs(struct gdb_session *session, struct gdb_scan *arguments)
{
    gdb_put_text(&session->reply, "F0");
}

static void on_change(struct gdb_session *session, struct gdb_scan *arguments)
{
    put_failure(session, EROFS);
}

static const struct {
    const char *name;
    void (*handle)(struct gdb_session *session, struct gdb_scan *arguments);
} operations[] = {
    {"open:", on_open},     {"close:", on_close},       {"pread:", on_pread},
    {"fstat:", on_fstat},   {"readlink:", on_readlink}, {"setfs:", on_setfs},
    {"pwrite:", on_change}, {"unlink:", on_change},
};

struct error *gdb_on_file(struct gdb_session *session, struct gdb_scan *arguments)
{
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
        if (gdb_scan_skip(arguments, operations[i].name)) {
            operations[i].handle(session, arguments);
            return NULL;
        }
    }
    return NULL;
}
