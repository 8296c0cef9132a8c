/*
 * What of an address space is mapped from files and other objects that can change, or be seen, by
 * another way than through that one mapping.
 *
 * A MAP_SHARED mapping that the program may write is a window on an *object*, whose number the
 * trace has; all windows on one object are the same memory in replay. Other mappings of files are
 * kept here to know what a write to the file changes.
 */
#ifndef REEL_RECORD_MAPPED_RANGES_H
#define REEL_RECORD_MAPPED_RANGES_H

#include <sys/types.h>

#include "engine/base/error.h"
#include "engine/base/types.h"
#include "trace-format/event.h"

/* What stands for a file's device where there is none. */
#define DEVICE_ANONYMOUS ((dev_t)-1) /* MAP_SHARED | MAP_ANONYMOUS; the inode is the object */
#define DEVICE_SYSV ((dev_t)-2)      /* the inode is the segment's identifier */

struct mapped_range {
    uint64_t start, end;
    uint64_t offset; /* in the file, of `start` */
    dev_t device;
    ino_t inode;
    uint64_t size;   /* of the file, when we last looked */
    uint64_t object; /* 0: none, a copy of what the file had when it was mapped */
    bool shared;
    struct store_name contents; /* when it was mapped, if they are in the store */
};

/* Zero-initialised; ranges do not overlap. */
struct mapped_ranges {
    struct mapped_range *range;
    size_t count, capacity;
    uint64_t objects; /* numbers given so far */
};

void mapped_ranges_deinit(struct mapped_ranges *files);
struct error *mapped_ranges_copy(struct mapped_ranges *to,
                                 const struct mapped_ranges *from) MUST_CHECK;

/* Takes the place of whatever was there. */
struct error *mapped_ranges_add(struct mapped_ranges *files,
                                const struct mapped_range *range) MUST_CHECK;

/* The range is unmapped, or has become something else. */
struct error *mapped_ranges_cut(struct mapped_ranges *files, uint64_t start,
                                uint64_t end) MUST_CHECK;

/* mremap(2): what was mapped at `from` is now at `to` as well, or instead (`moved`). */
struct error *mapped_ranges_move(struct mapped_ranges *files, uint64_t from, uint64_t from_length,
                                 uint64_t to, uint64_t to_length, bool moved) MUST_CHECK;

/* The range that has the address; NULL if none. */
struct mapped_range *mapped_ranges_at(const struct mapped_ranges *files, uint64_t address);

/* The object that mappings of the file have; 0: none yet. */
uint64_t mapped_ranges_object(const struct mapped_ranges *files, dev_t device, ino_t inode);

/* Whether one mapping shows [offset, offset + length) of the object already. */
bool mapped_ranges_shows(const struct mapped_ranges *files, uint64_t object, uint64_t offset,
                         uint64_t length);

#endif
