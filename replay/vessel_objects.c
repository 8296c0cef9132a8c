/*
 * Shared memory in a vessel. Each object is a memfd named after its number; /proc/PID/maps then
 * says which mappings show it, and of which offset, so that no list of them need be kept. Writes
 * that the mapping forbids go through the descriptor, which /proc/PID/fd lets us open.
 *
 * A fork of the vessel shares the memfds. vessel_copy_objects() gives it its own:
 *
 *   fork ─> memfd_create in the copy ─> contents copied by us ─> every mapping mapped again ─> dup3
 * over the old descriptor
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/maps.h"
#include "replay/vessel_private.h"

#define NAME_FORMAT "reel-%lu"

const struct vessel_object *vessel_object(const struct vessel *vessel, uint64_t number)
{
    for (size_t i = 0; i < vessel->object_count; i++)
        if (vessel->objects[i].number == number)
            return &vessel->objects[i];
    return NULL;
}

/* The number of the object that the mapping shows, or 0. */
static uint64_t object_of(const struct mapping *mapping)
{
    uint64_t number;
    if (!mapping->shared || sscanf(mapping->name, "/memfd:" NAME_FORMAT, &number) != 1)
        return 0;
    return number;
}

static bool is_mapped(const struct mappings *mappings, uint64_t number)
{
    for (size_t i = 0; i < mappings->count; i++)
        if (object_of(&mappings->mapping[i]) == number)
            return true;
    return false;
}

/* Objects that nothing shows any more: no MAP will name them again without its contents. */
static struct error *drop_unmapped(struct vessel *vessel)
{
    struct mappings mappings;
    if (!vessel->object_count)
        return NULL;
    struct error *error = mappings_read(tracee_tid(vessel->tracee), &mappings);
    if (error)
        return error;
    for (size_t i = vessel->object_count; !error && i-- > 0;) {
        if (is_mapped(&mappings, vessel->objects[i].number))
            continue;
        error = CALL(vessel, close, (uint64_t)vessel->objects[i].fd);
        vessel->objects[i] = vessel->objects[--vessel->object_count];
    }
    mappings_deinit(&mappings);
    return error;
}

static struct error *create_memfd(struct vessel *vessel, uint64_t number, int64_t *ret)
{
    char name[32];
    int length = snprintf(name, sizeof(name), NAME_FORMAT, number);
    struct error *error =
        tracee_write(vessel->tracee, taddr_of(DATA_PAGE), name, (size_t)length + 1);
    return error ? error
                 : vessel_call(vessel, "memfd_create", __NR_memfd_create,
                               (const uint64_t[6]){DATA_PAGE, MFD_CLOEXEC}, ret);
}

static struct error *create_object(struct vessel *vessel, uint64_t number)
{
    int64_t fd;
    struct error *error = drop_unmapped(vessel);
    if (!error)
        error = create_memfd(vessel, number, &fd);
    if (error)
        return error;
    struct vessel_object *grown =
        reallocarray(vessel->objects, vessel->object_count + 1, sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    vessel->objects = grown;
    grown[vessel->object_count++] = (struct vessel_object){.number = number, .fd = (int)fd};
    return NULL;
}

struct error *vessel_resize_object(struct vessel *vessel, uint64_t number, uint64_t size)
{
    struct error *error = vessel_object(vessel, number) ? NULL : create_object(vessel, number);
    if (error)
        return error;
    return CALL(vessel, ftruncate, (uint64_t)vessel_object(vessel, number)->fd, page_up(size));
}

static int open_object(const struct vessel *vessel, int fd)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", tracee_tid(vessel->tracee), fd);
    return open(path, O_RDWR | O_CLOEXEC);
}

/* --- Writing --------------------------------------------------------------------------------- */

static size_t write_mapping(const struct vessel *vessel, const struct mapping *mapping,
                            uint64_t address, const uint8_t *bytes, size_t size)
{
    const struct vessel_object *object = vessel_object(vessel, object_of(mapping));
    CLEANUP(close_fd) int fd = object ? open_object(vessel, object->fd) : -1;
    size_t room = mapping->end - address;
    ssize_t put = fd < 0 ? -1
                         : pwrite(fd, bytes, size < room ? size : room,
                                  (off_t)(mapping->offset + (address - mapping->start)));
    return put < 0 ? 0 : (size_t)put;
}

size_t vessel_write_object(struct vessel *vessel, taddr address, const void *bytes, size_t size)
{
    struct mappings mappings;
    if (!vessel->object_count)
        return 0;
    struct error *error = mappings_read(tracee_tid(vessel->tracee), &mappings);
    if (error) {
        error_free(error);
        return 0;
    }
    size_t done = 0, put = 1;
    while (put && done < size) {
        uint64_t at = address.value + done;
        const struct mapping *mapping = mapping_at(&mappings, at);
        put = mapping
                  ? write_mapping(vessel, mapping, at, (const uint8_t *)bytes + done, size - done)
                  : 0;
        done += put;
    }
    mappings_deinit(&mappings);
    return done;
}

/* --- Copying --------------------------------------------------------------------------------- */

static struct error *copy_contents(int from, int to)
{
    struct stat status;
    if (fstat(from, &status) < 0 || ftruncate(to, status.st_size) < 0)
        return error_errno(NULL, "cannot copy shared memory of the replayed process");
    for (off_t at = 0; (at = lseek(from, at, SEEK_DATA)) >= 0;) {
        off_t end = lseek(from, at, SEEK_HOLE);
        if (end < 0 || lseek(to, at, SEEK_SET) < 0)
            break;
        while (at < end) {
            uint8_t piece[65536];
            size_t want = (size_t)(end - at) < sizeof(piece) ? (size_t)(end - at) : sizeof(piece);
            ssize_t got = pread(from, piece, want, at);
            if (got <= 0 || pwrite(to, piece, (size_t)got, at) != got)
                return error_errno(NULL, "cannot copy shared memory of the replayed process");
            at += got;
        }
    }
    return NULL;
}

static struct error *map_again(struct vessel *copy, const struct mappings *mappings,
                               uint64_t number, int64_t fd)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->mapping[i];
        if (object_of(mapping) == number)
            error =
                CALL(copy, mmap, mapping->start, mapping->end - mapping->start, mapping->protection,
                     MAP_SHARED | MAP_FIXED | MAP_NORESERVE, (uint64_t)fd, mapping->offset);
    }
    return error;
}

static struct error *copy_object(struct vessel *copy, const struct mappings *mappings,
                                 const struct vessel_object *object)
{
    int64_t fd;
    struct error *error = create_memfd(copy, object->number, &fd);
    if (error)
        return error;
    CLEANUP(close_fd) int from = open_object(copy, object->fd);
    CLEANUP(close_fd) int to = open_object(copy, (int)fd);
    if (from < 0 || to < 0)
        return error_errno(NULL, "cannot open shared memory of the replayed process");
    error = copy_contents(from, to);
    if (!error)
        error = map_again(copy, mappings, object->number, fd);
    if (!error)
        error = CALL(copy, dup3, (uint64_t)fd, (uint64_t)object->fd, O_CLOEXEC);
    return error ? error : CALL(copy, close, (uint64_t)fd);
}

struct error *vessel_copy_objects(struct vessel *copy, const struct vessel *vessel)
{
    struct mappings mappings;
    if (!vessel->object_count)
        return NULL;
    copy->objects = calloc(vessel->object_count, sizeof(*copy->objects));
    if (!copy->objects)
        return &err_no_memory;
    memcpy(copy->objects, vessel->objects, vessel->object_count * sizeof(*copy->objects));
    copy->object_count = vessel->object_count;
    struct error *error = mappings_read(tracee_tid(copy->tracee), &mappings);
    if (error)
        return error;
    for (size_t i = 0; !error && i < copy->object_count; i++)
        error = copy_object(copy, &mappings, &copy->objects[i]);
    mappings_deinit(&mappings);
    return error;
}
