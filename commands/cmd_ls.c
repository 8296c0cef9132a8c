/*
 * reel ls: the recordings in the trace root, a name a line, which Midas reads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/human_text.h"
#include "commands/json_text.h"
#include "commands/options.h"
#include "commands/terminal_text.h"
#include "commands/trace_list.h"
#include "trace-format/location.h"

/* How the recording ended, in `ret`; an unreadable trace stays in the list and says so. */
static void ending(const struct trace_reader *reader, char *ret)
{
    if (!reader)
        snprintf(ret, HUMAN_TEXT, "unreadable");
    else if (!trace_reader_end(reader))
        snprintf(ret, HUMAN_TEXT, "cut");
    else
        wait_status_text(trace_reader_end(reader)->status, ret);
}

static struct trace_reader *try_open(const struct listed_trace *trace)
{
    struct trace_reader *reader = NULL;
    error_free(trace_reader_open(trace->path, &reader));
    return reader;
}

static void print_long(const struct listed_trace *trace)
{
    CLEANUP(trace_reader) struct trace_reader *reader = try_open(trace);
    char size[HUMAN_TEXT], date[HUMAN_TEXT], end[HUMAN_TEXT];
    ending(reader, end);
    print_text(stdout, trace->name);
    printf("\t%s\t%s\t%s\t", size_text(trace->bytes, size),
           date_text((uint64_t)trace->written.tv_sec, date), end);
    if (reader)
        print_words(stdout, trace_reader_header(reader)->arguments);
    putchar('\n');
}

static json_t *listed_json(const struct listed_trace *trace)
{
    CLEANUP(trace_reader) struct trace_reader *reader = try_open(trace);
    char end[HUMAN_TEXT];
    ending(reader, end);
    json_t *object = json_object();
    json_put(object, "name", json_text(trace->name));
    json_put(object, "path", json_text(trace->path));
    json_put(object, "bytes", json_count(trace->bytes));
    json_put(object, "written", json_count((uint64_t)trace->written.tv_sec));
    json_put(object, "ended", json_text(end));
    json_put(object, "arguments",
             reader ? json_words(trace_reader_header(reader)->arguments) : json_null());
    return object;
}

static void print_list(const struct trace_list *list, bool is_long, bool json)
{
    json_t *array = json ? json_array() : NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct listed_trace *trace = &list->trace[i];
        if (json) {
            json_array_append_new(array, listed_json(trace));
        } else if (is_long) {
            print_long(trace);
        } else {
            print_text(stdout, trace->name);
            putchar('\n');
        }
    }
    if (json)
        json_print(array);
}

/* A root that does not exist yet has no traces; a directory that the user named must exist. */
static struct error *read_list(const char *directory, struct trace_list *ret)
{
    if (directory)
        return trace_list_read(directory, ret);
    CLEANUP(free) char *root = NULL;
    struct stat unused;
    struct error *error = trace_root(false, &root);
    if (error || stat(root, &unused) != 0)
        return error;
    return trace_list_read(root, ret);
}

static int run(int argc, char **argv)
{
    bool json = false, is_long = false, by_time = false, reverse = false;
    const struct option_rule rules[] = {
        {.name = "json", .flag = &json},
        {.letter = 'l', .name = "long", .flag = &is_long},
        {.letter = 't', .name = "time", .flag = &by_time},
        {.letter = 'r', .name = "reverse", .flag = &reverse},
    };
    CLEANUP(trace_list) struct trace_list list = {0};
    int first;
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (!error)
        error = options_operands(argc, argv, first, 1);
    if (!error)
        error = read_list(argv[first], &list);
    if (!error) {
        trace_list_sort(&list, by_time ? TRACES_NEWEST_FIRST : TRACES_BY_NAME, reverse);
        print_list(&list, is_long, json);
    }
    return command_result(error);
}

const struct command cmd_ls = {
    .name = "ls",
    .arguments = "[-l] [-t] [-r] [--json] [DIRECTORY]",
    .summary = "lists the recordings",
    .help = "DIRECTORY is by default $REEL_TRACE_DIR, else ~/.local/share/reel.\n"
            "  -l, --long     with size, date, how it ended, and command line, between tabs\n"
            "  -t, --time     newest first, instead of by name\n"
            "  -r, --reverse  in reverse order\n"
            "  --json         an array of objects\n",
    .run = run,
};
