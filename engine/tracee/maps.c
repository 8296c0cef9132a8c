#include "engine/tracee/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "engine/base/cleanup.h"

static bool parse_mapping(char *line, struct mapping *ret)
{
    char permissions[5];
    unsigned major, minor;
    unsigned long inode;
    int name_at = 0;
    *ret = (struct mapping){0};
    if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %n", &ret->start, &ret->end, permissions,
               &ret->offset, &major, &minor, &inode, &name_at) < 7)
        return false;
    ret->protection = (permissions[0] == 'r' ? PROT_READ : 0) |
                      (permissions[1] == 'w' ? PROT_WRITE : 0) |
                      (permissions[2] == 'x' ? PROT_EXEC : 0);
    ret->shared = permissions[3] == 's';
    ret->device = makedev(major, minor);
    ret->inode = inode;
    line[strcspn(line, "\n")] = 0;
    ret->name = strdup(name_at ? line + name_at : "");
    return ret->name != NULL;
}

static bool append(struct mappings *mappings, const struct mapping *mapping)
{
    if ((mappings->count & (mappings->count - 1)) == 0) { /* grows at each power of two */
        size_t capacity = mappings->count ? mappings->count * 2 : 1;
        struct mapping *grown = realloc(mappings->mapping, capacity * sizeof(*grown));
        if (!grown)
            return false;
        mappings->mapping = grown;
    }
    struct mapping *added = &mappings->mapping[mappings->count++];
    *added = *mapping;
    added->guarded =
        mappings->count > 1 && added[-1].end == added->start && added[-1].protection == PROT_NONE;
    return true;
}

struct error *mappings_read(pid_t pid, struct mappings *ret)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    CLEANUP(fclose) FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? &err_tracee_gone : error_errno(NULL, "cannot open %s", path);
    *ret = (struct mappings){0};
    CLEANUP(free) char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) > 0) {
        struct mapping mapping;
        if (!parse_mapping(line, &mapping) || !append(ret, &mapping)) {
            mappings_deinit(ret);
            return error_new(NULL, "cannot understand a line of %s", path);
        }
    }
    return NULL;
}

void mappings_deinit(struct mappings *mappings)
{
    for (size_t i = 0; i < mappings->count; i++)
        free(mappings->mapping[i].name);
    free(mappings->mapping);
    *mappings = (struct mappings){0};
}

const struct mapping *mapping_at(const struct mappings *mappings, uint64_t address)
{
    for (size_t i = 0; i < mappings->count; i++)
        if (address >= mappings->mapping[i].start && address < mappings->mapping[i].end)
            return &mappings->mapping[i];
    return NULL;
}

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE (1ull << 61)

struct error *mapping_own_pages(pid_t pid, uint64_t start, uint64_t end, uint8_t *own)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? &err_tracee_gone : error_errno(NULL, "cannot open %s", path);
    uint64_t entries[512];
    size_t pages = (end - start) / PAGE_BYTES;
    for (size_t first = 0; first < pages; first += ARRAY_LENGTH(entries)) {
        size_t count =
            pages - first < ARRAY_LENGTH(entries) ? pages - first : ARRAY_LENGTH(entries);
        off_t at = (off_t)((start / PAGE_BYTES + first) * sizeof(entries[0]));
        if (pread(fd, entries, count * sizeof(entries[0]), at) !=
            (ssize_t)(count * sizeof(entries[0])))
            return error_errno(NULL, "cannot read %s", path);
        for (size_t i = 0; i < count; i++)
            own[first + i] =
                (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) && !(entries[i] & PAGEMAP_FILE);
    }
    return NULL;
}
