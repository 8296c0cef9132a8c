#include "record/known_sites.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/bytes.h"
#include "engine/base/cleanup.h"
#include "engine/sites/site_search.h"

void known_sites_deinit(struct known_sites *known)
{
    for (size_t i = 0; i < known->count; i++)
        site_list_deinit(&known->file[i].sites);
    free(known->file);
    *known = (struct known_sites){0};
}

/* --- The note: version, whether it is a program, count, and of each site the distance from the one
 * before, length and first byte --- */

static void keep_note(const struct store *store, const struct known_file *file)
{
    struct buffer note = {0};
    uint64_t last = 0;
    buffer_put_varint(&note, SITE_SEARCH_VERSION);
    buffer_put_u8(&note, file->is_program);
    buffer_put_varint(&note, file->sites.count);
    for (size_t i = 0; i < file->sites.count; i++) {
        const struct site *site = &file->sites.site[i];
        buffer_put_varint(&note, site->address - last);
        buffer_put_u8(&note, site->length);
        buffer_put_u8(&note, site->original);
        last = site->address;
    }
    if (!note.failed)
        store_keep_note(store, &file->contents, note.data, note.size);
    buffer_deinit(&note);
}

/* false: it says nothing, or not all. */
static bool parse_note(struct cursor *note, struct known_file *ret)
{
    struct error *error = NULL;
    struct site site = {0};
    if (cursor_varint(note) != SITE_SEARCH_VERSION)
        return false;
    ret->is_program = cursor_u8(note);
    uint64_t count = cursor_varint(note);
    for (uint64_t i = 0; !error && !note->failed && i < count; i++) {
        site.address += cursor_varint(note);
        site.length = cursor_u8(note);
        site.original = cursor_u8(note);
        if (!note->failed)
            error = site_list_add(&ret->sites, &site);
    }
    bool good = !error && !note->failed && !cursor_left(note);
    error_free(error);
    if (!good)
        site_list_deinit(&ret->sites);
    return good;
}

static bool recall(const struct store *store, struct known_file *ret)
{
    struct buffer note = {0};
    bool found = store_read_note(store, &ret->contents, &note);
    struct cursor cursor = cursor_of(note.data, note.size);
    found = found && parse_note(&cursor, ret);
    buffer_deinit(&note);
    return found;
}

static struct error *search(const struct store *store, struct known_file *ret)
{
    CLEANUP(close_fd) int fd = -1;
    struct error *error = store_get(store, &ret->contents, &fd);
    if (!error)
        error = sites_in_file(fd, &ret->sites, &ret->is_program);
    if (!error)
        keep_note(store, ret);
    return error;
}

struct error *known_sites_of(struct known_sites *known, const struct store *store,
                             const struct store_name *contents, const struct known_file **ret)
{
    for (size_t i = 0; i < known->count; i++) {
        *ret = &known->file[i];
        if (strcmp((*ret)->contents.hex, contents->hex) == 0)
            return NULL;
    }
    struct known_file *grown = reallocarray(known->file, known->count + 1, sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    known->file = grown;
    struct known_file *file = &grown[known->count];
    *file = (struct known_file){.contents = *contents};
    struct error *error = recall(store, file) ? NULL : search(store, file);
    if (error) {
        site_list_deinit(&file->sites);
        return error;
    }
    known->count++;
    *ret = file;
    return NULL;
}
