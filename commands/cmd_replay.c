/*
 * reel replay: replays a trace, to its end or under a debugger.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/options.h"
#include "engine/tracee/cpu.h"
#include "replay/replay_all.h"
#include "trace-format/location.h"

struct replay_arguments {
    bool all;
    bool statistics;
    const char *check;
};

static struct error *check_processor(const struct trace_reader *reader)
{
    const struct trace_header *header = trace_reader_header(reader);
    struct cpu_features here;
    char text[64];
    cpu_features_read(here.word, &here.xcr0, &here.xsave_bytes);
    const char *missing = cpu_missing_feature(header->features.word, here.word, text, sizeof(text));
    if (missing)
        return error_new("replay it where it was recorded",
                         "%s was recorded on a processor with %s, which this one lacks",
                         trace_reader_directory(reader), missing);
    if (header->features.xcr0 != here.xcr0)
        return error_new("replay it where it was recorded",
                         "%s was recorded with the vector state %#lx, this processor has %#lx",
                         trace_reader_directory(reader), header->features.xcr0, here.xcr0);
    return NULL;
}

/* A recording that does not end in order is as good as any, up to there; but it is not whole. */
static struct error *check_end(const struct trace_reader *reader)
{
    uint64_t offset;
    const char *directory = trace_reader_directory(reader);
    const char *remedy = "what it holds was replayed, to its last whole frame";
    if (trace_reader_end(reader))
        return NULL;
    if (trace_reader_cut_bytes(reader, &offset))
        return error_new(remedy, "%s/trace is truncated at byte %lu", directory, offset);
    return error_new(remedy, "%s/trace has no end: its recorder was killed, or could not write",
                     directory);
}

static int replay_whole(struct trace_reader *reader, const struct replay_arguments *arguments)
{
    const struct replay_options options = {
        .reader = reader, .check_memory = trace_reader_header(reader)->memory_checks};
    struct replay_statistics statistics = {0};
    int status;
    struct error *error = replay_all(&options, &status, &statistics);
    if (arguments->statistics)
        print_statistics(statistics.stops, statistics.calls, statistics.events);
    if (error == &err_diverged)
        return COMMAND_DIVERGED;
    if (!error)
        error = check_end(reader);
    if (error)
        return command_result(error);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int replay(const char *name, const struct replay_arguments *arguments)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    struct error *error = open_trace(name, &reader);
    if (!error)
        error = check_processor(reader);
    return error ? command_result(error) : replay_whole(reader, arguments);
}

static int run(int argc, char **argv)
{
    struct replay_arguments arguments = {0};
    const struct option_rule rules[] = {
        {.letter = 'a', .name = "all", .flag = &arguments.all},
        {.name = "check", .text = &arguments.check},
        {.name = "statistics", .flag = &arguments.statistics},
    };
    int first;
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (!error)
        error = options_operands(argc, argv, first, 1);
    if (error)
        return command_result(error);
    return replay(first < argc ? argv[first] : NULL, &arguments);
}

const struct command cmd_replay = {
    .name = "replay",
    .arguments = "[OPTIONS] [TRACE]",
    .summary = "replays a recording, under gdb or to its end",
    .help = "",
    .run = run,
};
