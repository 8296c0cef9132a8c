/*
 * A file is copied to a temporary name first and hashed from the copy, so that its name is that of
 * what is stored, whatever happens to the original meanwhile; then it is renamed. Two recorders
 * that store the same file do it twice, and the second rename replaces equal contents.
 */
#include "trace-format/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "engine/base/bytes.h"
#include "engine/base/cleanup.h"
#include "engine/base/types.h"

#define PIECE_BYTES (256u << 10)
#define ATTEMPTS 3 /* to copy a file that changes meanwhile */
#define TEMPORARY_MAX 64
#define KEY_MAX 160

static const char remedy_space[] = "free disk space, or name another directory in $REEL_TRACE_DIR";

struct store {
    char *path;
    int directory;
    int seen; /* -1 if there is none */
};

struct error *store_open(const char *path, bool create, struct store **ret)
{
    if (create && mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_errno(remedy_space, "cannot make the store %s", path);
    CLEANUP(close_fd) int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno("the store of a recording must be where it was when it was recorded",
                           "cannot open the store %s", path);
    if (create && mkdirat(directory, "seen", 0700) < 0 && errno != EEXIST)
        return error_errno(remedy_space, "cannot make %s/seen", path);
    struct store *store = malloc(sizeof(*store));
    char *copy = strdup(path);
    if (!store || !copy) {
        free(store);
        free(copy);
        return &err_no_memory;
    }
    store->path = copy;
    store->seen = openat(directory, "seen", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    store->directory = take_fd(&directory);
    *ret = store;
    return NULL;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->seen >= 0)
        close(store->seen);
    close(store->directory);
    free(store->path);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

static bool name_is_good(const char *name)
{
    return strnlen(name, 33) == 32 && strspn(name, "0123456789abcdef") == 32;
}

/* Whether the store has contents of that name and size. */
static bool has(const struct store *store, const char *name, off_t size)
{
    struct stat stat;
    return fstatat(store->directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(stat.st_mode) && stat.st_size == size;
}

/* A name that no other recorder uses. */
static void temporary_name(char name[TEMPORARY_MAX])
{
    static atomic_uint counter;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(name, TEMPORARY_MAX, ".new-%d-%u-%ld", (int)getpid(), atomic_fetch_add(&counter, 1),
             now.tv_nsec);
}

/* What was seen before */

static void seen_key(const struct stat *stat, char key[KEY_MAX])
{
    snprintf(key, KEY_MAX, "%llx-%llx-%llx-%lld.%09ld-%lld.%09ld", (unsigned long long)stat->st_dev,
             (unsigned long long)stat->st_ino, (unsigned long long)stat->st_size,
             (long long)stat->st_mtim.tv_sec, stat->st_mtim.tv_nsec,
             (long long)stat->st_ctim.tv_sec, stat->st_ctim.tv_nsec);
}

static bool look_up(const struct store *store, const struct stat *stat, struct store_name *ret)
{
    char key[KEY_MAX], target[40];
    seen_key(stat, key);
    ssize_t length = readlinkat(store->seen, key, target, sizeof(target) - 1);
    if (length < 0)
        return false;
    target[length] = 0;
    if (!name_is_good(target) || !has(store, target, stat->st_size))
        return false;
    memcpy(ret->hex, target, sizeof(ret->hex));
    return true;
}

/* A cache: what cannot be written is not. */
static void remember(const struct store *store, const struct stat *stat,
                     const struct store_name *name)
{
    char key[KEY_MAX], temporary[TEMPORARY_MAX];
    seen_key(stat, key);
    temporary_name(temporary);
    if (symlinkat(name->hex, store->seen, temporary) < 0)
        return;
    if (renameat(store->seen, temporary, store->seen, key) < 0)
        unlinkat(store->seen, temporary, 0);
}

static bool same_file_state(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether a further change would surely get other times: a kernel's clock for files ticks every
 * 10 ms at most, some file systems' only every one or two seconds. */
static bool is_settled(const struct stat *stat)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age =
        (now.tv_sec - stat->st_ctim.tv_sec) * 1000000000ll + now.tv_nsec - stat->st_ctim.tv_nsec;
    return age > (stat->st_ctim.tv_nsec == 0 ? 3000000000ll : 100000000ll);
}

/* Copying */

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return size > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* False with errno set. */
static bool write_all(int fd, const uint8_t *bytes, size_t size, off_t offset)
{
    while (size) {
        ssize_t written = pwrite(fd, bytes, size, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
        offset += written;
    }
    return true;
}

static ssize_t read_piece(int fd, uint8_t *piece, off_t offset)
{
    ssize_t got;
    do
        got = pread(fd, piece, PIECE_BYTES, offset);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Hashes what `from` holds up to its end, and copies it to `to` unless that is -1; zeros are left
 * as holes. */
static struct error *copy_and_hash(int from, int to, const char *path, const struct store *store,
                                   XXH3_state_t *state)
{
    CLEANUP(free) uint8_t *piece = malloc(PIECE_BYTES);
    if (!piece)
        return &err_no_memory;
    off_t offset = 0;
    for (ssize_t got; (got = read_piece(from, piece, offset)) != 0; offset += got) {
        if (got < 0)
            return error_errno("check the disk", "cannot read %s", path);
        XXH3_128bits_update(state, piece, (size_t)got);
        if (to >= 0 && !is_zero(piece, (size_t)got) && !write_all(to, piece, (size_t)got, offset))
            return error_errno(remedy_space, "cannot copy %s to the store %s", path, store->path);
    }
    if (to >= 0 && ftruncate(to, offset) < 0)
        return error_errno(remedy_space, "cannot copy %s to the store %s", path, store->path);
    return NULL;
}

static void name_of(XXH128_hash_t hash, struct store_name *ret)
{
    snprintf(ret->hex, sizeof(ret->hex), "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

/* Fills the new file `to` from `from`, by sharing its blocks if the file system can. */
static struct error *fill(const struct store *store, int from, int to, const char *path,
                          struct store_name *ret)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return &err_no_memory;
    XXH3_128bits_reset(state);
    bool shared = ioctl(to, FICLONE, from) == 0;
    struct error *error = shared ? copy_and_hash(to, -1, path, store, state)
                                 : copy_and_hash(from, to, path, store, state);
    name_of(XXH3_128bits_digest(state), ret);
    XXH3_freeState(state);
    return error;
}

/* Gives the copy its name, unless the store has these contents. */
static struct error *settle(const struct store *store, int copy, const char *temporary,
                            const struct store_name *name)
{
    struct stat stat;
    if (fstat(copy, &stat) == 0 && has(store, name->hex, stat.st_size)) {
        unlinkat(store->directory, temporary, 0);
        return NULL;
    }
    if (fchmod(copy, 0400) < 0 ||
        renameat(store->directory, temporary, store->directory, name->hex) < 0)
        return error_errno(remedy_space, "cannot name %s/%s", store->path, name->hex);
    return NULL;
}

static struct error *copy_in(const struct store *store, int fd, const char *path,
                             struct store_name *ret)
{
    char temporary[TEMPORARY_MAX];
    temporary_name(temporary);
    CLEANUP(close_fd)
    int copy = openat(store->directory, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy < 0)
        return error_errno(remedy_space, "cannot create a file in the store %s", store->path);
    struct error *error = fill(store, fd, copy, path, ret);
    if (!error)
        error = settle(store, copy, temporary, ret);
    if (error)
        unlinkat(store->directory, temporary, 0);
    return error;
}

static struct error *examine(int fd, const char *path, struct stat *ret)
{
    if (fstat(fd, ret) < 0)
        return error_errno(NULL, "cannot examine %s", path);
    if (!S_ISREG(ret->st_mode))
        return error_new(NULL, "%s is not a regular file and cannot be stored", path);
    return NULL;
}

struct error *store_put(struct store *store, int fd, const char *path, struct store_name *ret)
{
    struct stat before, after;
    struct error *error = examine(fd, path, &before);
    if (error)
        return error;
    if (look_up(store, &before, ret))
        return NULL;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        error = copy_in(store, fd, path, ret);
        if (!error)
            error = examine(fd, path, &after);
        if (error)
            return error;
        if (same_file_state(&before, &after)) {
            if (is_settled(&after))
                remember(store, &after, ret);
            return NULL;
        }
        before = after;
    }
    return NULL; /* it keeps changing: the last copy is as good as any */
}

struct error *store_get(const struct store *store, const struct store_name *name, int *ret)
{
    struct stat stat;
    if (!name_is_good(name->hex))
        return error_new("the trace was damaged or not written by reel",
                         "\"%.32s\" is not the name of stored contents", name->hex);
    CLEANUP(close_fd)
    int fd = openat(store->directory, name->hex, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return error_errno("restore the store that the recording was made with, or record again",
                           "cannot open %s/%s", store->path, name->hex);
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
        return error_new("restore the store that the recording was made with, or record again",
                         "%s/%s is not a regular file", store->path, name->hex);
    *ret = take_fd(&fd);
    return NULL;
}

/* Notes */

#define NOTE_NAME_MAX 48

static bool note_name(const struct store_name *name, char path[NOTE_NAME_MAX])
{
    snprintf(path, NOTE_NAME_MAX, "notes/%.32s", name->hex);
    return name_is_good(name->hex);
}

bool store_read_note(const struct store *store, const struct store_name *name, struct buffer *ret)
{
    char path[NOTE_NAME_MAX];
    struct stat stat;
    if (!note_name(name, path))
        return false;
    CLEANUP(close_fd)
    int fd = openat(store->directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size > STORE_NOTE_MAX)
        return false;
    void *bytes = buffer_extend(ret, (size_t)stat.st_size);
    return bytes && read(fd, bytes, (size_t)stat.st_size) == stat.st_size;
}

void store_keep_note(const struct store *store, const struct store_name *name, const void *bytes,
                     size_t size)
{
    char path[NOTE_NAME_MAX], temporary[TEMPORARY_MAX];
    if (!note_name(name, path) || size > STORE_NOTE_MAX)
        return;
    mkdirat(store->directory, "notes", 0700);
    temporary_name(temporary);
    CLEANUP(close_fd)
    int fd = openat(store->directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (!write_all(fd, bytes, size, 0) ||
        renameat(store->directory, temporary, store->directory, path) < 0)
        unlinkat(store->directory, temporary, 0);
}
