#include "record/known_sites.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/bytes.h"
#include "engine/base/cleanup.h"
#include "engine/fastpath/window.h"
#include "engine/sites/site_search.h"

static void forget(struct known_file *file)
{
    site_list_deinit(&file->sites);
    free(file->window);
    file->window = NULL;
    file->window_count = file->window_capacity = 0;
}

void known_sites_deinit(struct known_sites *known)
{
    for (size_t i = 0; i < known->count; i++)
        forget(&known->file[i]);
    free(known->file);
    *known = (struct known_sites){0};
}

/* --- The note --------------------------------------------------------------------------------
 *
 * Version, whether it is a program; count of sites, and of each the distance from the one before,
 * length and first byte; count of windows, and of each the distance of its syscall from the one
 * before, its length, and how many processes had it patched and used it. */

#define NOTE_VERSION (3 + SITE_SEARCH_VERSION)

static void put_windows(struct buffer *note, const struct known_file *file)
{
    uint64_t last = 0;
    buffer_put_varint(note, file->window_count);
    for (size_t i = 0; i < file->window_count; i++) {
        buffer_put_varint(note, file->window[i].site - last);
        buffer_put_u8(note, file->window[i].length);
        buffer_put_u8(note, file->window[i].patched);
        buffer_put_u8(note, file->window[i].used);
        last = file->window[i].site;
    }
}

static struct error *add_window(struct known_file *file, const struct known_window *window)
{
    if (file->window_count == file->window_capacity) {
        size_t capacity = file->window_capacity ? file->window_capacity * 2 : 16;
        struct known_window *grown = reallocarray(file->window, capacity, sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        file->window = grown;
        file->window_capacity = capacity;
    }
    size_t at = file->window_count++;
    for (; at && file->window[at - 1].site > window->site; at--)
        file->window[at] = file->window[at - 1];
    file->window[at] = *window;
    return NULL;
}

static struct error *parse_windows(struct cursor *note, struct known_file *ret)
{
    struct known_window window = {0};
    struct error *error = NULL;
    uint64_t count = cursor_varint(note);
    for (uint64_t i = 0; !error && !note->failed && i < count; i++) {
        window.site += cursor_varint(note);
        window.length = cursor_u8(note);
        window.patched = cursor_u8(note);
        window.used = cursor_u8(note);
        if (!note->failed)
            error = add_window(ret, &window);
    }
    return error;
}

static void keep_note(const struct store *store, const struct known_file *file)
{
    struct buffer note = {0};
    uint64_t last = 0;
    buffer_put_varint(&note, NOTE_VERSION);
    buffer_put_u8(&note, file->is_program);
    buffer_put_varint(&note, file->sites.count);
    for (size_t i = 0; i < file->sites.count; i++) {
        const struct site *site = &file->sites.site[i];
        buffer_put_varint(&note, site->address - last);
        buffer_put_u8(&note, site->length);
        buffer_put_u8(&note, site->original);
        last = site->address;
    }
    put_windows(&note, file);
    if (!note.failed)
        store_keep_note(store, &file->contents, note.data, note.size);
    buffer_deinit(&note);
}

/* false: it says nothing, or not all. */
static bool parse_note(struct cursor *note, struct known_file *ret)
{
    struct error *error = NULL;
    struct site site = {0};
    if (cursor_varint(note) != NOTE_VERSION)
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
    if (!error)
        error = parse_windows(note, ret);
    bool good = !error && !note->failed && !cursor_left(note);
    error_free(error);
    if (!good)
        forget(ret);
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

static struct error *find_file(struct known_sites *known, const struct store *store,
                               const struct store_name *contents, struct known_file **ret)
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
        forget(file);
        return error;
    }
    known->count++;
    *ret = file;
    return NULL;
}

struct error *known_sites_of(struct known_sites *known, const struct store *store,
                             const struct store_name *contents, const struct known_file **ret)
{
    struct known_file *file = NULL;
    struct error *error = find_file(known, store, contents, &file);
    *ret = file;
    return error;
}

/* --- Windows --------------------------------------------------------------------------------- */

static struct error *learn(const struct store *store, struct known_file *file, uint64_t site,
                           uint8_t *length)
{
    struct window window;
    CLEANUP(close_fd) int fd = -1;
    struct error *error = store_get(store, &file->contents, &fd);
    if (!error)
        error = windows_in_file(fd, site, &window);
    if (error)
        return error;
    *length = window.length;
    file->changed = true;
    return add_window(file, &(struct known_window){.site = site, .length = window.length});
}

static struct known_window *find_window(struct known_file *file, uint64_t site)
{
    for (size_t i = 0; i < file->window_count; i++)
        if (file->window[i].site == site)
            return &file->window[i];
    return NULL;
}

bool known_window_is_usual(const struct known_window *window)
{
    return window->length && window->used * 3u >= window->patched;
}

/* The note is written anew when enough has changed to matter. */
void known_window_count(struct known_sites *known, const struct store_name *contents, uint64_t site,
                        bool used)
{
    struct known_window *window = NULL;
    for (size_t i = 0; i < known->count && !window; i++) {
        struct known_file *file = &known->file[i];
        window = strcmp(file->contents.hex, contents->hex) == 0 ? find_window(file, site) : NULL;
        if (window && ((window->patched + 1) & window->patched) == 0)
            file->changed = true;
    }
    if (!window)
        return;
    window->patched++;
    window->used += used;
    if (window->patched < UINT8_MAX)
        return;
    window->patched /= 2;
    window->used /= 2;
}

struct error *known_window(struct known_sites *known, const struct store *store,
                           const struct store_name *contents, uint64_t site, uint8_t *length)
{
    struct known_file *file;
    struct error *error = find_file(known, store, contents, &file);
    if (error)
        return error;
    const struct known_window *window = find_window(file, site);
    if (window) {
        *length = window->length;
        return NULL;
    }
    return learn(store, file, site, length);
}

void known_sites_keep(const struct known_sites *known, const struct store *store)
{
    for (size_t i = 0; i < known->count; i++)
        if (known->file[i].changed)
            keep_note(store, &known->file[i]);
}
