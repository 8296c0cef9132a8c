/*
 * reel verify: every byte of a trace against its checksums.
 *
 * A cut trace is good as far as it goes, and is no failure; a changed byte is.
 */
#include <inttypes.h>
#include <stdio.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/human_text.h"
#include "commands/json_text.h"
#include "commands/options.h"
#include "commands/terminal_text.h"

static bool is_whole(const struct trace_check *check)
{
    return check->ended && !check->cut_bytes;
}

static void print_json(const struct trace_reader *reader, const struct trace_check *check)
{
    json_t *object = json_object();
    json_put(object, "trace", json_text(trace_reader_directory(reader)));
    json_put(object, "whole", json_boolean(is_whole(check)));
    json_put(object, "ended", json_boolean(check->ended));
    json_put(object, "bytes", json_count(check->file_bytes));
    json_put(object, "raw_bytes", json_count(check->raw_bytes));
    json_put(object, "frames", json_count(check->frames));
    json_put(object, "events", json_count(check->events));
    json_put(object, "cut_bytes", json_count(check->cut_bytes));
    json_put(object, "cut_offset", check->cut_bytes ? json_count(check->cut_offset) : json_null());
    json_print(object);
}

static void print_check(const struct trace_reader *reader, const struct trace_check *check)
{
    print_text(stdout, trace_reader_directory(reader));
    printf(": %s, %" PRIu64 " frames, %" PRIu64 " events, %" PRIu64 " bytes\n",
           is_whole(check) ? "whole" : "truncated", check->frames, check->events,
           check->file_bytes);
    if (check->cut_bytes)
        printf("  the last %" PRIu64 " bytes, from offset %" PRIu64
               " on, are no whole frame and are left out\n",
               check->cut_bytes, check->cut_offset);
    if (!check->ended)
        puts("  the recording did not end in order; all that it holds is good");
}

static struct error *verify(const char *name, bool json)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    struct trace_check check;
    struct error *error = open_trace(name, &reader);
    if (!error)
        error = trace_reader_verify(reader, &check);
    if (error)
        return error;
    if (json)
        print_json(reader, &check);
    else
        print_check(reader, &check);
    return NULL;
}

static int run(int argc, char **argv)
{
    bool json;
    const char *name;
    struct error *error = options_json_and_trace(argc, argv, &json, &name);
    return command_result(error ? error : verify(name, json));
}

const struct command cmd_verify = {
    .name = "verify",
    .arguments = "[--json] [TRACE]",
    .summary = "checks every byte of a trace against its checksums",
    .help = "Exit status: 0 whole, or cut but good as far as it goes; 2 corrupt.\n"
            "  --json  one object\n",
    .run = run,
};
