/*
 * quicken TRACE NEW: copies a recording (of record -n), and has the calls in it that the fast path
 * could have served be calls that it did serve (CALLS), with their sites, so that replays of such
 * recordings can be compared with the original's, call by call, whatever the recorder of today
 * serves.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/trace_merge.h"
#include "engine/base/bytes.h"
#include "engine/base/call_entry.h"
#include "engine/base/cleanup.h"
#include "engine/fastpath/stub.h"
#include "trace-format/store.h"
#include "trace-format/writer.h"

struct quicken {
    struct trace_writer *writer;
    struct store *store;
    /* calls not yet written, all of one task */
    struct buffer entries;
    uint32_t stream, tid;
    /* effects of the event being written */
    struct buffer effects;
    uint64_t calls, sites;
};

static void flush(struct quicken *quicken)
{
    if (quicken->entries.size)
        trace_writer_calls(quicken->writer, quicken->stream, quicken->tid, quicken->entries.data,
                           quicken->entries.size);
    buffer_clear(&quicken->entries);
}

/* --- Calls ----------------------------------------------------------------------------------- */

/* Whether the kernel changed no register but rax, rcx and r11. */
static bool only_result(const struct event *event)
{
    for (size_t i = 0; i < TRACE_REGS; i++)
        if (i != TRACE_RAX && i != TRACE_ORIG_RAX &&
            event->before.value[i] != event->after.value[i])
            return false;
    return true;
}

static bool is_simple(const struct event *event)
{
    uint64_t bytes = 0;
    size_t outputs = 0;
    if (event->kind != EVENT_CALL || !only_result(event))
        return false;
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        bool printed = effect->kind == EFFECT_OUTPUT && i == 0 &&
                       effect->address.value == event->before.value[TRACE_RSI] &&
                       effect->length == event->after.value[TRACE_RAX];
        if (!printed && effect->kind != EFFECT_MEMORY)
            return false;
        outputs += !printed && effect->length;
        bytes += printed ? 0 : effect->length + 24;
    }
    return bytes < CALL_ENTRY_BYTES_MAX - 80 && outputs <= CALL_OUTPUTS_MAX;
}

static void put_output(struct buffer *entries, const struct effect *effect)
{
    struct call_output output = {.address = effect->address.value, .bytes = effect->length};
    buffer_put(entries, &output, sizeof(output));
    buffer_put(entries, effect->bytes, effect->length);
    while (entries->size % 8)
        buffer_put_u8(entries, 0);
}

static void put_call(struct quicken *quicken, const struct event *event)
{
    static const enum trace_reg arguments[] = {TRACE_RDI, TRACE_RSI, TRACE_RDX,
                                               TRACE_R10, TRACE_R8,  TRACE_R9};
    const uint64_t *before = event->before.value;
    struct buffer *entries = &quicken->entries;
    size_t start = entries->size;
    struct call_entry entry = {.number = (uint16_t)before[TRACE_ORIG_RAX],
                               .rip = before[TRACE_RIP],
                               .rsp = before[TRACE_RSP],
                               .result = (int64_t)event->after.value[TRACE_RAX]};
    for (size_t i = 0; i < ARRAY_LENGTH(arguments); i++)
        entry.argument[i] = before[arguments[i]];
    buffer_put(entries, &entry, sizeof(entry));
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        if (effect->kind == EFFECT_OUTPUT)
            entry.printed = (uint8_t)effect->output.descriptor;
        else if (effect->length) {
            put_output(entries, effect);
            entry.outputs++;
        }
    }
    entry.bytes = (uint32_t)(entries->size - start);
    memcpy(entries->data + start, &entry, sizeof(entry));
    quicken->calls++;
}

/* --- Sites ----------------------------------------------------------------------------------- */

/* One SITE, its stub the next of those at `stubs`. */
static void put_site(struct quicken *quicken, const struct window *window, const struct effect *map,
                     uint64_t stub)
{
    struct effect site = {
        .kind = EFFECT_SITE,
        .address = taddr_of(map->address.value + (window->start - map->map.offset)),
        .length = window->length,
        .site = {.stub = taddr_of(stub)},
    };
    buffer_put(&quicken->effects, &site, sizeof(site));
    quicken->sites++;
}

/* The sites of a file's executable mapping; their stubs a good way below it, where nothing is. */
static struct error *put_sites_of(struct quicken *quicken, const struct effect *map, int fd,
                                  const uint8_t *bytes, size_t size)
{
    struct effect stubs = {.kind = EFFECT_STUBS,
                           .address = taddr_of(map->address.value - (768ul << 20)),
                           .length = 4096 * STUB_BYTES};
    struct window_file *file;
    uint64_t used = 0, end = map->map.offset + map->length;
    struct error *error = window_file_open(fd, &file);
    if (error)
        return error;
    buffer_put(&quicken->effects, &stubs, sizeof(stubs));
    for (uint64_t at = map->map.offset; !error && at + 1 < size && at + 1 < end; at++) {
        struct window window;
        if (bytes[at] != 0x0f || bytes[at + 1] != 0x05)
            continue;
        error = window_file_find(file, at, &window);
        if (!error && window.length && window.start >= map->map.offset && used < stubs.length) {
            put_site(quicken, &window, map, stubs.address.value + used);
            used += STUB_BYTES;
        }
    }
    window_file_close(file);
    return error;
}

static struct error *put_sites(struct quicken *quicken, const struct effect *map)
{
    struct stat stat;
    CLEANUP(close_fd) int fd = -1;
    if (!map->map.contents.hex[0] || !(map->map.protection & PROT_EXEC) ||
        map->address.value < (1ul << 32))
        return NULL;
    struct error *error = store_get(quicken->store, &map->map.contents, &fd);
    if (error)
        return error;
    if (fstat(fd, &stat) < 0 || stat.st_size == 0)
        return NULL;
    uint8_t *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(NULL, "cannot map a stored file");
    error = put_sites_of(quicken, map, fd, bytes, (size_t)stat.st_size);
    munmap(bytes, (size_t)stat.st_size);
    return error;
}

/* --- Everything ------------------------------------------------------------------------------ */

static struct error *put_event(struct quicken *quicken, uint32_t stream, const struct event *event)
{
    struct event copy = *event;
    struct error *error = NULL;
    flush(quicken);
    buffer_clear(&quicken->effects);
    buffer_put(&quicken->effects, event->effects, event->effect_count * sizeof(*event->effects));
    for (size_t i = 0; !error && i < event->effect_count; i++)
        if (event->effects[i].kind == EFFECT_MAP)
            error = put_sites(quicken, &event->effects[i]);
    copy.effects = (const struct effect *)quicken->effects.data;
    copy.effect_count = quicken->effects.size / sizeof(*copy.effects);
    trace_writer_event(quicken->writer, stream, &copy);
    return error;
}

static struct error *copy_events(struct quicken *quicken, struct trace_reader *reader)
{
    CLEANUP(trace_merge) struct trace_merge *merge = NULL;
    struct error *error = trace_merge_create(reader, &merge);
    while (!error) {
        uint32_t stream;
        const struct event *event;
        error = trace_merge_next(merge, &stream, &event);
        if (error || !event)
            break;
        if (stream != quicken->stream || event->tid != quicken->tid)
            flush(quicken);
        quicken->stream = stream;
        quicken->tid = event->tid;
        if (is_simple(event))
            put_call(quicken, event);
        else
            error = put_event(quicken, stream, event);
    }
    flush(quicken);
    return error;
}

static struct error *quicken_trace(const char *from, const char *to)
{
    struct quicken quicken = {0};
    struct trace_reader *reader;
    struct error *error = trace_reader_open(from, &reader);
    if (error)
        return error;
    error = store_open(trace_reader_header(reader)->store, false, &quicken.store);
    if (!error)
        error = trace_writer_create(to, trace_reader_header(reader), &quicken.writer);
    if (!error) {
        error = copy_events(&quicken, reader);
        struct error *end = trace_writer_finish(quicken.writer, trace_reader_end(reader));
        error = error ? error : end;
    }
    printf("%lu calls, %lu sites\n", quicken.calls, quicken.sites);
    buffer_deinit(&quicken.entries);
    buffer_deinit(&quicken.effects);
    store_close(quicken.store);
    trace_reader_close(reader);
    return error;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: quicken TRACE NEW\n");
        return 1;
    }
    struct error *error = quicken_trace(argv[1], argv[2]);
    if (error)
        fprintf(stderr, "quicken: %s\n", error_message(error));
    return error != NULL;
}
