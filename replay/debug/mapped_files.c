/*
 * The files that the recording mapped, by the paths that they had: a debugger gets just those
 * contents, whatever became of the files since.
 */
#include <string.h>

#include "replay/debug/target_private.h"

static bool find_in_event(const struct event *event, const char *path, struct store_name *ret)
{
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        if (effect->kind != EFFECT_MAP || !effect->map.contents.hex[0] ||
            strcmp(effect->map.path, path))
            continue;
        *ret = effect->map.contents;
        return true;
    }
    return false;
}

static bool find_in_stream(struct trace_reader *reader, uint32_t stream, const char *path,
                           struct store_name *ret)
{
    struct event_cursor *cursor;
    const struct event *event;
    bool found = false;
    struct error *error = event_cursor_create(reader, stream, &cursor);
    if (!error) {
        while (!found && !(error = event_cursor_next(cursor, &event)) && event)
            found = find_in_event(event, path, ret);
        event_cursor_destroy(cursor);
    }
    error_free(error);
    return found;
}

int target_open_file(const struct target *target, const char *path)
{
    const struct stream_info *info = target->info;
    struct store_name name;
    int fd = -1;
    bool found = false;
    while (info && !(found = find_in_stream(target->reader, info->stream, path, &name)) &&
           info->origin.forked)
        info = trace_reader_stream(target->reader, info->origin.parent_stream);
    if (!found)
        return -1;
    struct error *error = store_get(target->store, &name, &fd);
    error_free(error);
    return error ? -1 : fd;
}
