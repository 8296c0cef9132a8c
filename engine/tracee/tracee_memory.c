/*
 * A tracee's memory. process_vm_readv(2) and process_vm_writev(2) do most of it in one call; what
 * they refuse (pages without the permission) goes through /proc/PID/mem, which overrides
 * protections and copies private file pages.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "engine/tracee/tracee.h"

/* One process_vm_readv of much more than this is several times slower a byte than pieces of it
 * (measured: 7 times). */
#define PIECE_BYTES (256ul * 1024)

static size_t read_fast(struct tracee *tracee, taddr address, uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        size_t piece = size - done < PIECE_BYTES ? size - done : PIECE_BYTES;
        struct iovec local = {.iov_base = bytes + done, .iov_len = piece};
        struct iovec remote = {.iov_base = (void *)(address.value + done), .iov_len = piece};
        ssize_t got = process_vm_readv(tracee_tid(tracee), &local, 1, &remote, 1, 0);
        if (got <= 0)
            break;
        done += (size_t)got;
        if ((size_t)got < piece)
            break;
    }
    return done;
}

static size_t read_forced(struct tracee *tracee, taddr address, uint8_t *bytes, size_t size)
{
    int fd = tracee_memory_file(tracee);
    size_t done = 0;
    while (fd >= 0 && done < size) {
        ssize_t got = pread(fd, bytes + done, size - done, (off_t)(address.value + done));
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

size_t tracee_read_some(struct tracee *tracee, taddr address, void *bytes, size_t size)
{
    size_t done = read_fast(tracee, address, bytes, size);
    if (done < size)
        done += read_forced(tracee, taddr_add(address, done), (uint8_t *)bytes + done, size - done);
    return done;
}

struct error *tracee_read(struct tracee *tracee, taddr address, void *bytes, size_t size)
{
    if (tracee_read_some(tracee, address, bytes, size) == size)
        return NULL;
    return error_new(NULL, "cannot read %zu bytes at %#lx of task %d", size, address.value,
                     tracee_tid(tracee));
}

bool tracee_read_string(struct tracee *tracee, taddr address, char *string, size_t size)
{
    size_t done = 0;
    while (done < size) {
        size_t to_page_end = PAGE_BYTES - (address.value + done) % PAGE_BYTES;
        size_t piece = to_page_end < size - done ? to_page_end : size - done;
        size_t got = tracee_read_some(tracee, taddr_add(address, done), string + done, piece);
        if (memchr(string + done, 0, got))
            return true;
        if (got < piece)
            return false;
        done += got;
    }
    return false;
}

static bool write_fast(struct tracee *tracee, taddr address, const void *bytes, size_t size)
{
    struct iovec local = {.iov_base = (void *)bytes, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)address.value, .iov_len = size};
    return process_vm_writev(tracee_tid(tracee), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

struct error *tracee_write_code(struct tracee *tracee, taddr address, const void *bytes,
                                size_t size)
{
    int fd = tracee_memory_file(tracee);
    size_t done = 0;
    while (fd >= 0 && done < size) {
        ssize_t put =
            pwrite(fd, (const uint8_t *)bytes + done, size - done, (off_t)(address.value + done));
        if (put <= 0)
            break;
        done += (size_t)put;
    }
    if (done == size)
        return NULL;
    return error_new(NULL, "cannot write %zu bytes at %#lx of task %d", size, address.value,
                     tracee_tid(tracee));
}

struct error *tracee_write(struct tracee *tracee, taddr address, const void *bytes, size_t size)
{
    if (size == 0 || write_fast(tracee, address, bytes, size))
        return NULL;
    return tracee_write_code(tracee, address, bytes, size);
}
