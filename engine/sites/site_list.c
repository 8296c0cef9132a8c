#include "engine/sites/site_list.h"

#include <stdlib.h>
#include <string.h>

void site_list_deinit(struct site_list *list)
{
    free(list->site);
    *list = (struct site_list){0};
}

struct error *site_list_copy(struct site_list *to, const struct site_list *from)
{
    *to = (struct site_list){0};
    if (!from->count)
        return NULL;
    to->site = malloc(from->count * sizeof(*to->site));
    if (!to->site)
        return &err_no_memory;
    memcpy(to->site, from->site, from->count * sizeof(*to->site));
    to->count = to->capacity = from->count;
    return NULL;
}

size_t site_list_from(const struct site_list *list, uint64_t address)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->site[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct site *site_list_at(const struct site_list *list, uint64_t address)
{
    size_t at = site_list_from(list, address);
    return at < list->count && list->site[at].address == address ? &list->site[at] : NULL;
}

struct error *site_list_add(struct site_list *list, const struct site *site)
{
    size_t at = site_list_from(list, site->address);
    if (at < list->count && list->site[at].address == site->address) {
        list->site[at] = *site;
        return NULL;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct site *grown = reallocarray(list->site, capacity, sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        list->site = grown;
        list->capacity = capacity;
    }
    memmove(&list->site[at + 1], &list->site[at], (list->count - at) * sizeof(*site));
    list->site[at] = *site;
    list->count++;
    return NULL;
}

void site_list_cut(struct site_list *list, uint64_t start, uint64_t end)
{
    size_t first = site_list_from(list, start), behind = site_list_from(list, end);
    if (first >= behind)
        return;
    memmove(&list->site[first], &list->site[behind],
            (list->count - behind) * sizeof(list->site[0]));
    list->count -= behind - first;
}

struct error *site_list_move(struct site_list *list, uint64_t from, uint64_t length, uint64_t to,
                             uint64_t to_length)
{
    struct site_list moved = {0};
    struct error *error = NULL;
    for (size_t i = site_list_from(list, from); !error && i < list->count; i++) {
        struct site site = list->site[i];
        uint64_t offset = site.address - from;
        if (offset >= length || offset >= to_length)
            break;
        site.address = to + offset;
        error = site_list_add(&moved, &site);
    }
    site_list_cut(list, from, from + length);
    site_list_cut(list, to, to + to_length);
    for (size_t i = 0; !error && i < moved.count; i++)
        error = site_list_add(list, &moved.site[i]);
    site_list_deinit(&moved);
    return error;
}

void site_list_restore(const struct site_list *list, uint64_t address, uint8_t *bytes, size_t size,
                       uint8_t patch)
{
    for (size_t i = site_list_from(list, address); i < list->count; i++) {
        uint64_t offset = list->site[i].address - address;
        if (offset >= size)
            break;
        if (bytes[offset] == patch)
            bytes[offset] = list->site[i].original;
    }
}
