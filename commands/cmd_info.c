/*
 * reel info: what a trace is and holds.
 */
#include <inttypes.h>
#include <stdio.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/human_text.h"
#include "commands/json_text.h"
#include "commands/options.h"
#include "commands/terminal_text.h"
#include "commands/trace_statistics.h"
#include "engine/syscall/call_table.h"
#include "trace-format/cpu_names.h"

#define CALLS_SHOWN 10

static const char *call_name(uint64_t number)
{
    const struct call_row *row = call_row(number);
    return row ? row->name : "unknown";
}

static double ratio(const struct trace_check *check)
{
    return check->file_bytes ? (double)check->raw_bytes / (double)check->file_bytes : 0;
}

static void print_heading(const struct trace_reader *reader)
{
    const struct trace_header *header = trace_reader_header(reader);
    char text[HUMAN_TEXT];
    printf("trace       ");
    print_text(stdout, trace_reader_directory(reader));
    printf("\nversion     %d\nrecorded    %s on processor %u%s\ncommand     ", TRACE_VERSION,
           date_text(header->recorded_at, text), header->cpu,
           header->memory_checks ? ", with memory checks" : "");
    print_words(stdout, header->arguments);
    if (header->chaos)
        printf("\nchaos seed  %" PRIu64, header->chaos_seed);
    printf("\ndirectory   ");
    print_text(stdout, header->directory);
    printf("\nstore       ");
    print_text(stdout, header->store);
    struct buffer names = {0};
    cpu_names_text(&names, &header->features);
    printf("\ncpu needs   %.*s\n            xcr0 0x%" PRIx64 ", XSAVE area of %u bytes\n",
           (int)names.size, (const char *)names.data, header->features.xcr0,
           header->features.xsave_bytes);
    buffer_deinit(&names);
}

/* How it ended, or that and where it is cut. */
static void print_ending(const struct trace_reader *reader, const struct trace_check *check)
{
    const struct trace_end *end = trace_reader_end(reader);
    char text[HUMAN_TEXT];
    if (end) {
        printf("duration    %s\n", duration_text(end->nanoseconds, text));
        printf("ended       %s\n", wait_status_text(end->status, text));
    } else {
        printf("ended       no: cut after event %" PRIu64 ", at byte %" PRIu64 "\n", check->events,
               check->cut_bytes ? check->cut_offset : check->file_bytes);
    }
}

static void print_sizes(const struct trace_check *check)
{
    char size[HUMAN_TEXT], raw[HUMAN_TEXT];
    printf("size        %s in %" PRIu64 " frames, of %s (ratio %.1f)\n",
           size_text(check->file_bytes, size), check->frames, size_text(check->raw_bytes, raw),
           ratio(check));
}

static void print_counts(const struct trace_reader *reader, const struct trace_statistics *counts)
{
    printf("streams     %u\nprocesses   %zu\ntasks       %" PRIu64 "\nevents      %" PRIu64 "\n",
           trace_reader_streams(reader), counts->tree.count, process_tree_tasks(&counts->tree),
           counts->check.events);
    for (size_t kind = 0; kind < EVENT_SLOTS; kind++)
        if (counts->events[kind])
            printf("  %-12s%10" PRIu64 "\n", event_kind_name(kind), counts->events[kind]);
    printf("fast path   %zu sites patched, %zu traced\n", counts->patched_sites,
           counts->traced_sites);
    puts("most frequent calls");
    for (size_t i = 0; i < counts->call_count && i < CALLS_SHOWN; i++)
        printf("  %-20s%10" PRIu64 "\n", call_name(counts->calls[i].number),
               counts->calls[i].times);
}

static json_t *features_json(const struct cpu_features *features)
{
    json_t *object = json_object();
    json_t *names = json_array();
    for (size_t i = 0; i < cpu_name_count; i++)
        if (cpu_has(features, &cpu_names[i]))
            json_array_append_new(names, json_text(cpu_names[i].name));
    json_t *words = json_array();
    for (size_t i = 0; i < CPU_FEATURE_WORDS; i++)
        json_array_append_new(words, json_hex(features->word[i]));
    json_put(object, "names", names);
    json_put(object, "words", words);
    json_put(object, "xcr0", json_hex(features->xcr0));
    json_put(object, "xsave_bytes", json_count(features->xsave_bytes));
    return object;
}

static void put_header(json_t *object, const struct trace_reader *reader)
{
    const struct trace_header *header = trace_reader_header(reader);
    json_put(object, "trace", json_text(trace_reader_directory(reader)));
    json_put(object, "version", json_integer(TRACE_VERSION));
    json_put(object, "recorded_at", json_count(header->recorded_at));
    json_put(object, "processor", json_count(header->cpu));
    json_put(object, "memory_checks", json_boolean(header->memory_checks));
    json_put(object, "chaos_seed", header->chaos ? json_count(header->chaos_seed) : json_null());
    json_put(object, "arguments", json_words(header->arguments));
    json_put(object, "directory", json_text(header->directory));
    json_put(object, "store", json_text(header->store));
    json_put(object, "cpu", features_json(&header->features));
}

static void put_ending(json_t *object, const struct trace_reader *reader,
                       const struct trace_check *check)
{
    const struct trace_end *end = trace_reader_end(reader);
    json_put(object, "ended", json_boolean(end != NULL));
    json_put(object, "exit", end ? json_integer(exit_number(end->status)) : json_null());
    json_put(object, "nanoseconds", end ? json_count(end->nanoseconds) : json_null());
    json_put(object, "cut_bytes", json_count(check->cut_bytes));
    json_put(object, "cut_offset",
             end ? json_null()
                 : json_count(check->cut_bytes ? check->cut_offset : check->file_bytes));
    json_put(object, "bytes", json_count(check->file_bytes));
    json_put(object, "raw_bytes", json_count(check->raw_bytes));
    json_put(object, "frames", json_count(check->frames));
    json_put(object, "ratio", json_real(ratio(check)));
}

static void put_counts(json_t *object, const struct trace_reader *reader,
                       const struct trace_statistics *counts)
{
    json_put(object, "streams", json_count(trace_reader_streams(reader)));
    json_put(object, "processes", json_count(counts->tree.count));
    json_put(object, "tasks", json_count(process_tree_tasks(&counts->tree)));
    json_put(object, "events", json_count(counts->check.events));
    json_t *kinds = json_object();
    for (size_t kind = 0; kind < EVENT_SLOTS; kind++)
        if (counts->events[kind])
            json_put(kinds, event_kind_name(kind), json_count(counts->events[kind]));
    json_put(object, "event_kinds", kinds);
    json_put(object, "patched_sites", json_count(counts->patched_sites));
    json_put(object, "traced_sites", json_count(counts->traced_sites));
    json_t *calls = json_object();
    for (size_t i = 0; i < counts->call_count && i < CALLS_SHOWN; i++)
        json_put(calls, call_name(counts->calls[i].number), json_count(counts->calls[i].times));
    json_put(object, "most_frequent_calls", calls);
}

static void print_info(const struct trace_reader *reader, const struct trace_statistics *counts,
                       bool json)
{
    if (!json) {
        print_heading(reader);
        print_ending(reader, &counts->check);
        print_sizes(&counts->check);
        print_counts(reader, counts);
        return;
    }
    json_t *object = json_object();
    put_header(object, reader);
    put_ending(object, reader, &counts->check);
    put_counts(object, reader, counts);
    json_print(object);
}

static struct error *info(const char *name, bool json)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    struct error *error = open_trace(name, &reader);
    if (error)
        return error;
    struct trace_statistics counts;
    error = trace_statistics_read(reader, &counts);
    if (!error)
        print_info(reader, &counts, json);
    trace_statistics_deinit(&counts);
    return error;
}

static int run(int argc, char **argv)
{
    bool json;
    const char *name;
    struct error *error = options_json_and_trace(argc, argv, &json, &name);
    return command_result(error ? error : info(name, json));
}

const struct command cmd_info = {
    .name = "info",
    .arguments = "[--json] [TRACE]",
    .summary = "says what a trace is and holds",
    .help = "  --json  one object\n",
    .run = run,
};
