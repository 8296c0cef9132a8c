/*
 * A process's mappings, from /proc/PID/maps (proc_pid_maps(5)), and which of their pages are its
 * own (pagemap).
 */
#ifndef REEL_TRACEE_MAPS_H
#define REEL_TRACEE_MAPS_H

#include <sys/types.h>

#include "engine/base/error.h"
#include "engine/base/types.h"

struct mapping {
    uint64_t start, end;
    uint32_t protection; /* PROT_* */
    bool shared;
    bool guarded; /* right below it lies a mapping that cannot be accessed */
    uint64_t offset;
    dev_t device;
    ino_t inode; /* 0: no file */
    char *name;  /* path, "[stack]", or "" */
};

struct mappings {
    struct mapping *mapping;
    size_t count;
};

struct error *mappings_read(pid_t pid, struct mappings *ret) MUST_CHECK;
void mappings_deinit(struct mappings *mappings);

/* The mapping that has the address; NULL if none. */
const struct mapping *mapping_at(const struct mappings *mappings, uint64_t address);

/*
 * Which pages of [start, end) are private to the process: anonymous, or a changed page of a private
 * file mapping. One byte a page into `own`, 1 or 0. (Documentation/admin-guide/mm/pagemap.rst: bits
 * 61 to 63, readable by anybody.)
 */
struct error *mapping_own_pages(pid_t pid, uint64_t start, uint64_t end, uint8_t *own) MUST_CHECK;

#endif
