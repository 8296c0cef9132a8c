#include "trace-format/header_code.h"

#include <stdlib.h>
#include <string.h>

#include "trace-format/frame.h"

#define TEXT_MAX (16u << 10)
#define ARGUMENTS_MAX (FRAME_RAW_MAX - (64u << 10)) /* the rest of the header fits into 64 KiB */

static const char remedy_damaged[] =
    "the file was damaged or not written by reel: restore it from a copy, or record again";

static void put_text(struct buffer *buffer, const char *text)
{
    size_t length = text ? strnlen(text, TEXT_MAX) : 0;
    buffer_put_varint(buffer, length);
    buffer_put(buffer, text, length);
}

/* How many of the arguments fit. */
static size_t count_fitting(const char *const *arguments)
{
    size_t count = 0, bytes = 0;
    while (arguments && arguments[count]) {
        bytes += strlen(arguments[count]) + 10;
        if (bytes > ARGUMENTS_MAX)
            break;
        count++;
    }
    return count;
}

static void put_arguments(struct buffer *buffer, const char *const *arguments)
{
    size_t count = count_fitting(arguments);
    bool more = arguments && arguments[count];
    buffer_put_varint(buffer, count + more);
    for (size_t i = 0; i < count; i++)
        buffer_put_string(buffer, arguments[i]);
    if (more)
        buffer_put_string(buffer, "...");
}

void trace_header_encode(const struct trace_header *header, struct buffer *buffer)
{
    buffer_put_u32(buffer, TRACE_VERSION);
    buffer_put_u32(buffer, TRACE_MINIMUM_READER);
    buffer_put_u64(buffer, header->recorded_at);
    buffer_put_u32(buffer, header->cpu);
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        buffer_put_u32(buffer, header->features.word[i]);
    buffer_put_u64(buffer, header->features.xcr0);
    buffer_put_u32(buffer, header->features.xsave_bytes);
    buffer_put_u8(buffer, header->memory_checks);
    buffer_put_u8(buffer, header->chaos);
    buffer_put_u64(buffer, header->chaos_seed);
    buffer_put_u64(buffer, header->stack_limit);
    put_text(buffer, header->store);
    put_text(buffer, header->directory);
    put_arguments(buffer, header->arguments);
}

void trace_end_encode(const struct trace_end *end, struct buffer *buffer)
{
    buffer_put_u32(buffer, end->status);
    buffer_put_u64(buffer, end->events);
    buffer_put_u64(buffer, end->nanoseconds);
}

static const char *const *take_arguments(struct cursor *cursor)
{
    uint64_t count = cursor_varint(cursor);
    if (count > cursor_left(cursor)) { /* each has at least its length */
        cursor->failed = true;
        return NULL;
    }
    char **arguments = calloc(count + 1, sizeof(*arguments));
    for (uint64_t i = 0; arguments && i < count && !cursor->failed; i++)
        arguments[i] = cursor_string(cursor);
    return (const char *const *)arguments;
}

static struct error *check_version(uint32_t version, uint32_t minimum_reader)
{
    if (minimum_reader > TRACE_VERSION)
        return error_new("install a newer reel",
                         "the trace has format version %u and needs a reader of version %u or "
                         "newer; this one reads up to version %u",
                         version, minimum_reader, TRACE_VERSION);
    if (version == 0 || minimum_reader == 0 || version < minimum_reader)
        return error_new(remedy_damaged, "impossible format version %u (minimum reader %u)",
                         version, minimum_reader);
    if (minimum_reader < TRACE_OLDEST)
        return error_new("read it with the version of reel that wrote it, or record again",
                         "the trace has format version %u, which is too old", version);
    return NULL;
}

struct error *trace_header_decode(const uint8_t *bytes, size_t size, struct trace_header *ret)
{
    struct cursor cursor = cursor_of(bytes, size);
    *ret = (struct trace_header){0};
    uint32_t version = cursor_u32(&cursor);
    uint32_t minimum_reader = cursor_u32(&cursor);
    struct error *error = check_version(version, minimum_reader);
    if (error)
        return error;
    ret->recorded_at = cursor_u64(&cursor);
    ret->cpu = cursor_u32(&cursor);
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        ret->features.word[i] = cursor_u32(&cursor);
    ret->features.xcr0 = cursor_u64(&cursor);
    ret->features.xsave_bytes = cursor_u32(&cursor);
    uint8_t memory_checks = cursor_u8(&cursor);
    ret->memory_checks = memory_checks == 1;
    uint8_t chaos = cursor_u8(&cursor);
    ret->chaos = chaos == 1;
    ret->chaos_seed = cursor_u64(&cursor);
    ret->stack_limit = cursor_u64(&cursor);
    ret->store = cursor_string(&cursor);
    ret->directory = cursor_string(&cursor);
    ret->arguments = take_arguments(&cursor);
    /* A later version may append fields that older readers need not know. */
    bool longer = cursor_left(&cursor) && version <= TRACE_VERSION;
    if (cursor.failed || !ret->arguments || memory_checks > 1 || chaos > 1 || longer)
        return error_new(remedy_damaged, "the trace's header does not hold what it should");
    return NULL;
}

void trace_header_deinit(struct trace_header *header)
{
    char **arguments = (char **)header->arguments;
    for (size_t i = 0; arguments && arguments[i]; i++)
        free(arguments[i]);
    free(arguments);
    free((char *)header->store);
    free((char *)header->directory);
    *header = (struct trace_header){0};
}

struct error *trace_end_decode(const uint8_t *bytes, size_t size, struct trace_end *ret)
{
    struct cursor cursor = cursor_of(bytes, size);
    ret->status = cursor_u32(&cursor);
    ret->events = cursor_u64(&cursor);
    ret->nanoseconds = cursor_u64(&cursor);
    if (cursor.failed || cursor_left(&cursor))
        return error_new(remedy_damaged, "the trace's end does not hold what it should");
    return NULL;
}

const char *const *strings_copy(const char *const *strings)
{
    size_t count = 0, bytes = 0;
    for (; strings[count]; count++)
        bytes += strlen(strings[count]) + 1;
    char **copy = malloc((count + 1) * sizeof(*copy) + bytes);
    if (!copy)
        return NULL;
    char *at = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = at;
        at = stpcpy(at, strings[i]) + 1;
    }
    copy[count] = NULL;
    return (const char *const *)copy;
}
