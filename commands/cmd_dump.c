/*
 * reel dump: the events of a trace, a line each, in the order in which they were recorded.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/event_json.h"
#include "commands/event_text.h"
#include "commands/options.h"
#include "commands/trace_merge.h"

struct dump {
    bool json, effects, bytes, registers;
    uint32_t stream;      /* only this one; 0: all */
    uint64_t first, last; /* ticks, or with a stream its event numbers */
};

/* "12", "12-40" or "12-"; *ret_is_range is whether `text` reads as one. */
static struct error *parse_range(const char *text, struct dump *dump, bool *ret_is_range)
{
    char first[32];
    size_t digits = strspn(text, "0123456789");
    *ret_is_range = digits > 0 && (text[digits] == '\0' || text[digits] == '-') &&
                    text[digits + (text[digits] == '-')] != '-' &&
                    strspn(text, "0123456789-") == strlen(text) && digits < sizeof(first);
    if (!*ret_is_range)
        return NULL;
    memcpy(first, text, digits);
    first[digits] = '\0';
    struct error *error = option_number("the first event", first, UINT64_MAX, &dump->first);
    dump->last = dump->first;
    if (error || !text[digits])
        return error;
    dump->last = UINT64_MAX;
    if (!text[digits + 1])
        return NULL;
    return option_number("the last event", text + digits + 1, UINT64_MAX, &dump->last);
}

/* Sixteen bytes a line: address, hexadecimal, characters. */
static void print_bytes(const struct effect *effect)
{
    uint64_t shown = effect->length < EFFECT_BYTES_SHOWN ? effect->length : EFFECT_BYTES_SHOWN;
    for (uint64_t at = 0; at < shown; at += 16) {
        char characters[17] = "";
        printf("        %012" PRIx64 " ", effect->address.value + at);
        for (uint64_t i = 0; i < 16; i++) {
            if (at + i >= shown) {
                fputs("   ", stdout);
                continue;
            }
            uint8_t byte = effect->bytes[at + i];
            printf(" %02x", byte);
            characters[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
        }
        printf("  %s\n", characters);
    }
    if (shown < effect->length)
        printf("        … %" PRIu64 " more\n", effect->length - shown);
}

static void print_effects(const struct event *event, bool bytes)
{
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        struct buffer line = {0};
        effect_text(&line, effect);
        printf("    %.*s\n", (int)line.size, (const char *)line.data);
        buffer_deinit(&line);
        if (bytes && (effect->kind == EFFECT_MEMORY || effect->kind == EFFECT_XSAVE))
            print_bytes(effect);
    }
}

static void print_registers(const struct event *event, bool after)
{
    const struct trace_regs *regs = after ? &event->after : &event->before;
    size_t count = 0;
    for (size_t i = 0; i < TRACE_REGS; i++) {
        if (!event_has_register(event, i, after))
            continue;
        if (count % 5 == 0)
            printf("%s    %-7s", count ? "\n" : "", count ? "" : after ? "after" : "before");
        printf("%9s=%-16" PRIx64, trace_reg_names[i], regs->value[i]);
        count++;
    }
    puts("");
}

static void print_event(const struct dump *dump, uint32_t stream, const struct event *event)
{
    struct buffer line = {0};
    event_text(&line, event);
    printf("%" PRIu64 " %u.%" PRIu64 " %u %.*s\n", event->tick, stream, event->number, event->tid,
           (int)line.size, (const char *)line.data);
    buffer_deinit(&line);
    if (dump->registers && event_has_before(event->kind))
        print_registers(event, false);
    if (dump->registers && event_has_after(event->kind))
        print_registers(event, true);
    if (dump->effects)
        print_effects(event, dump->bytes);
}

static void print_event_json(const struct dump *dump, uint32_t stream, const struct event *event)
{
    json_t *object = event_json(stream, event);
    if (dump->registers && event_has_before(event->kind))
        json_put(object, "before", registers_json(event, false));
    if (dump->registers && event_has_after(event->kind))
        json_put(object, "after", registers_json(event, true));
    if (dump->effects)
        json_put(object, "effects", effects_json(event, dump->bytes));
    json_print_line(object);
}

static void print_one(const struct dump *dump, uint32_t stream, const struct event *event)
{
    if (dump->json)
        print_event_json(dump, stream, event);
    else
        print_event(dump, stream, event);
}

static struct error *dump_all(const struct dump *dump, struct trace_reader *reader)
{
    CLEANUP(trace_merge) struct trace_merge *merge = NULL;
    struct error *error = trace_merge_create(reader, &merge);
    while (!error) {
        uint32_t stream;
        const struct event *event;
        error = trace_merge_next(merge, &stream, &event);
        if (error || !event || event->tick > dump->last)
            break;
        if (event->tick >= dump->first)
            print_one(dump, stream, event);
    }
    return error;
}

static struct error *dump_stream(const struct dump *dump, struct trace_reader *reader)
{
    struct event_cursor *cursor;
    if (dump->stream > trace_reader_streams(reader))
        return error_new("`reel info` counts them", "%s has no stream %u",
                         trace_reader_directory(reader), dump->stream);
    struct error *error = event_cursor_create(reader, dump->stream, &cursor);
    if (error)
        return error;
    error = event_cursor_seek(cursor, dump->first);
    while (!error) {
        const struct event *event;
        error = event_cursor_next(cursor, &event);
        if (error || !event || event->number > dump->last)
            break;
        print_one(dump, dump->stream, event);
    }
    event_cursor_destroy(cursor);
    return error;
}

/* `[TRACE] [FIRST[-LAST]]`: a single operand that reads as a range is one. */
static struct error *parse_operands(int count, char **operand, struct dump *dump,
                                    const char **ret_name)
{
    *ret_name = NULL;
    if (count == 0)
        return NULL;
    bool is_range;
    struct error *error = parse_range(operand[count - 1], dump, &is_range);
    if (error)
        return error;
    if (!is_range && count == 2)
        return error_new("write FIRST, FIRST-LAST or FIRST-", "not a range of events: %s",
                         operand[1]);
    if (!is_range || count == 2)
        *ret_name = operand[0];
    return NULL;
}

static struct error *dump_trace(const char *name, const struct dump *dump)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    struct error *error = open_trace(name, &reader);
    if (error)
        return error;
    return dump->stream ? dump_stream(dump, reader) : dump_all(dump, reader);
}

static int run(int argc, char **argv)
{
    struct dump dump = {.last = UINT64_MAX};
    const char *stream_text = NULL, *name = NULL;
    const struct option_rule rules[] = {
        {.name = "json", .flag = &dump.json},
        {.letter = 'e', .name = "effects", .flag = &dump.effects},
        {.letter = 'b', .name = "bytes", .flag = &dump.bytes},
        {.letter = 'r', .name = "registers", .flag = &dump.registers},
        {.letter = 's', .name = "stream", .text = &stream_text},
    };
    int first;
    uint64_t stream = 0;
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (!error)
        error = options_operands(argc, argv, first, 2);
    if (!error && stream_text)
        error = option_number("the stream", stream_text, UINT32_MAX, &stream);
    if (!error && stream_text && !stream)
        error = error_new(NULL, "streams are numbered from 1");
    if (!error)
        error = parse_operands(argc - first, argv + first, &dump, &name);
    dump.stream = (uint32_t)stream;
    dump.effects |= dump.bytes;
    return command_result(error ? error : dump_trace(name, &dump));
}

const struct command cmd_dump = {
    .name = "dump",
    .arguments = "[OPTIONS] [TRACE] [FIRST[-LAST]]",
    .summary = "prints the events of a trace",
    .help = "A line an event: tick, stream.event, thread, and what happened. FIRST and LAST are\n"
            "ticks, or with -s event numbers; FIRST- goes on to the end.\n"
            "  -s, --stream N   only stream N\n"
            "  -e, --effects    what each event changed in memory, too\n"
            "  -b, --bytes      … with up to 256 of the bytes\n"
            "  -r, --registers  the registers before and after\n"
            "  --json           an object a line\n",
    .run = run,
};
