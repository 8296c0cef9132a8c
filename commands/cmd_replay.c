/*
 * reel replay: replays a trace, to its end or under a debugger.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/options.h"
#include "commands/replay_debug.h"
#include "engine/tracee/cpu.h"
#include "replay/replay_all.h"
#include "trace-format/location.h"

struct replay_arguments {
    bool all;
    bool statistics;
    bool counted, steps;
    const char *counts;
    struct debug_arguments debug;
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

static struct error *check_combination(const struct replay_arguments *arguments)
{
    const char *option = arguments->counted  ? "--counted"
                         : arguments->steps  ? "--steps"
                         : arguments->counts ? "--counts"
                                             : NULL;
    if (option && !arguments->all)
        return error_new("give -a as well", "%s is for replaying to the end", option);
    if (arguments->counted && arguments->steps)
        return error_new("choose one", "--counted and --steps are two ways of replaying");
    if (arguments->counts && !arguments->counted && !arguments->steps)
        return error_new("give --counted as well", "a native replay has no counts");
    return NULL;
}

static enum session_way way_of(const struct replay_arguments *arguments)
{
    if (arguments->steps)
        return SESSION_RUNS_STEPPED;
    return arguments->counted ? SESSION_RUNS_COUNTED : SESSION_RUNS_NATIVELY;
}

/* The file for the counts, NULL if none is wanted. */
static struct error *open_counts(const char *path, FILE **ret)
{
    *ret = path ? fopen(path, "we") : NULL;
    return path && !*ret ? error_errno(NULL, "cannot write %s", path) : NULL;
}

static struct error *close_counts(FILE *file, const char *path)
{
    if (!file)
        return NULL;
    bool failed = ferror(file);
    return fclose(file) || failed ? error_errno(NULL, "cannot write %s", path) : NULL;
}

static int replay_whole(struct trace_reader *reader, const struct replay_arguments *arguments)
{
    struct replay_options options = {.reader = reader,
                                     .check_memory = trace_reader_header(reader)->memory_checks,
                                     .way = way_of(arguments)};
    struct replay_statistics statistics = {0};
    int status;
    struct error *error = open_counts(arguments->counts, &options.counts);
    if (error)
        return command_result(error);
    error = replay_all(&options, &status, &statistics);
    struct error *counts_error = close_counts(options.counts, arguments->counts);
    if (!error)
        error = counts_error;
    else
        error_free(counts_error);
    if (arguments->statistics)
        print_statistics(statistics.stops, statistics.calls, statistics.events);
    if (arguments->statistics)
        print_points_found(&statistics.points);
    if (arguments->statistics && statistics.calls_passed)
        fprintf(stderr, "reel: %" PRIu64 " system calls without a stop\n", statistics.calls_passed);
    if (error == &err_diverged)
        return COMMAND_DIVERGED;
    if (!error)
        error = check_end(reader);
    if (error)
        return command_result(error);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int replay_under_debugger(struct trace_reader *reader,
                                 const struct replay_arguments *arguments)
{
    int status;
    struct error *error = replay_debug(reader, &arguments->debug, &status);
    return error ? command_result(error) : status;
}

static int replay(const char *name, const struct replay_arguments *arguments)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    struct error *error = open_trace(name, &reader);
    if (!error)
        error = check_processor(reader);
    if (error)
        return command_result(error);
    return arguments->all ? replay_whole(reader, arguments)
                          : replay_under_debugger(reader, arguments);
}

static int run(int argc, char **argv)
{
    struct replay_arguments arguments = {0};
    struct debug_arguments *debug = &arguments.debug;
    const struct option_rule rules[] = {
        {.letter = 'a', .name = "autopilot", .flag = &arguments.all},
        {.letter = 'p', .name = "onprocess", .text = &debug->process},
        {.letter = 'g', .name = "goto", .text = &debug->place},
        {.letter = 's', .name = "dbgport", .text = &debug->port},
        {.letter = 'h', .name = "dbghost", .text = &debug->host},
        {.letter = 'k', .name = "keep-listening", .flag = &debug->keep},
        {.letter = 'd', .name = "debugger", .text = &debug->debugger},
        {.letter = 'x', .name = "gdb-x", .text = &debug->commands},
        {.name = "statistics", .flag = &arguments.statistics},
        {.name = "counted", .flag = &arguments.counted},
        {.name = "steps", .flag = &arguments.steps},
        {.name = "counts", .text = &arguments.counts},
    };
    int first, own = options_before_dashes(argc, argv);
    if (own < argc)
        debug->debugger_arguments = (const char *const *)argv + own + 1;
    struct error *error =
        options_parse(own, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (!error)
        error = options_operands(own, argv, first, 1);
    if (!error)
        error = check_combination(&arguments);
    if (error)
        return command_result(error);
    return replay(first < own ? argv[first] : NULL, &arguments);
}

const struct command cmd_replay = {
    .name = "replay",
    .arguments = "[OPTIONS] [TRACE] [-- DEBUGGER-ARGUMENTS]",
    .summary = "replays a recording, in gdb or, with -a, to its end",
    .help =
        "  -a, --autopilot        replay everything, compare it with the recording, print what "
        "the program printed;\n"
        "                         exits as the program did, 3 on a divergence, 2 if the trace "
        "is not whole\n"
        "  -p, --onprocess P      debug the process with this id or program name (default: the "
        "first that\n"
        "                         died of a signal, else the one that was recorded)\n"
        "  -g, --goto POSITION    start there: EVENT or EVENT+COUNT\n"
        "  -x, --gdb-x FILE       let gdb read commands from FILE\n"
        "  -d, --debugger GDB     the gdb to start\n"
        "  -s, --dbgport PORT     start no debugger, only serve one (0: any free port)\n"
        "  -h, --dbghost HOST     listen there (default: 127.0.0.1)\n"
        "  -k, --keep-listening   serve one client after another\n"
        "      --statistics       with -a: say at the end, on stderr, what replaying cost\n"
        "      --counted          with -a: run the program in the counting engine, not natively\n"
        "      --steps            with -a: run it by single steps, which the engine is tested "
        "against\n"
        "                         (a million instructions take 20 s)\n"
        "      --counts FILE      with one of these: write the number of instructions before each "
        "event,\n"
        "                         as lines STREAM EVENT COUNT\n",
    .run = run,
};
