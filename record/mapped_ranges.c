#include "record/mapped_ranges.h"

#include <stdlib.h>
#include <string.h>

void mapped_ranges_deinit(struct mapped_ranges *files)
{
    free(files->range);
    *files = (struct mapped_ranges){0};
}

struct error *mapped_ranges_copy(struct mapped_ranges *to, const struct mapped_ranges *from)
{
    *to = *from;
    to->capacity = from->count;
    to->range = NULL;
    if (!from->count)
        return NULL;
    to->range = malloc(from->count * sizeof(*to->range));
    if (!to->range) {
        *to = (struct mapped_ranges){0};
        return &err_no_memory;
    }
    memcpy(to->range, from->range, from->count * sizeof(*to->range));
    return NULL;
}

static struct error *append(struct mapped_ranges *files, const struct mapped_range *range)
{
    if (files->count == files->capacity) {
        size_t capacity = files->capacity ? files->capacity * 2 : 16;
        struct mapped_range *grown = reallocarray(files->range, capacity, sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        files->range = grown;
        files->capacity = capacity;
    }
    files->range[files->count++] = *range;
    return NULL;
}

struct error *mapped_ranges_cut(struct mapped_ranges *files, uint64_t start, uint64_t end)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < files->count; i++) {
        struct mapped_range *range = &files->range[i], right = *range;
        if (range->end <= start || range->start >= end)
            continue;
        right.start = end;
        right.offset += end - range->start;
        if (range->start < start) {
            range->end = start;
            if (right.end > end)
                error = append(files, &right);
        } else if (right.end > end) {
            *range = right;
        } else {
            *range = files->range[--files->count];
            i--;
        }
    }
    return error;
}

struct error *mapped_ranges_add(struct mapped_ranges *files, const struct mapped_range *range)
{
    struct error *error = mapped_ranges_cut(files, range->start, range->end);
    return error ? error : append(files, range);
}

struct error *mapped_ranges_move(struct mapped_ranges *files, uint64_t from, uint64_t from_length,
                                 uint64_t to, uint64_t to_length, bool moved)
{
    struct mapped_range *found = mapped_ranges_at(files, from), range;
    struct error *error = NULL;
    if (found) {
        range = *found;
        range.offset += from - found->start;
        range.start = to;
        range.end = to + to_length;
    }
    if (moved)
        error = mapped_ranges_cut(files, from, from + from_length);
    if (!error)
        error = mapped_ranges_cut(files, to, to + to_length);
    return error || !found ? error : append(files, &range);
}

struct mapped_range *mapped_ranges_at(const struct mapped_ranges *files, uint64_t address)
{
    for (size_t i = 0; i < files->count; i++)
        if (address >= files->range[i].start && address < files->range[i].end)
            return &files->range[i];
    return NULL;
}

uint64_t mapped_ranges_object(const struct mapped_ranges *files, dev_t device, ino_t inode)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->range[i].device == device && files->range[i].inode == inode &&
            files->range[i].object)
            return files->range[i].object;
    return 0;
}

bool mapped_ranges_shows(const struct mapped_ranges *files, uint64_t object, uint64_t offset,
                         uint64_t length)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct mapped_range *range = &files->range[i];
        if (range->object == object && offset >= range->offset &&
            offset + length <= range->offset + (range->end - range->start))
            return true;
    }
    return false;
}
