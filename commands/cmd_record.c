/*
 * reel record: runs a program and writes a trace of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/options.h"
#include "commands/program_path.h"
#include "commands/record_series.h"
#include "record/record.h"
#include "trace-format/location.h"

extern char **environ;

struct record_arguments {
    const char *directory; /* -o; NULL: a new one under the root */
    const char *check;
    const char *points;
    const char *print_to; /* file descriptor for the trace's path */
    const char *seed_text, *runs_text, *timeout_text;
    uint64_t seed, runs, timeout;
    bool no_fast_path;
    bool statistics;
    bool chaos;
};

static struct error *absolute(const char *path, char **ret)
{
    CLEANUP(free) char *directory = path[0] == '/' ? NULL : get_current_dir_name();
    int length = directory ? asprintf(ret, "%s/%s", directory, path) : asprintf(ret, "%s", path);
    return length < 0 ? &err_no_memory : NULL;
}

/* For programs that start reel (Delve): the path and a newline, on a descriptor that the tracee
 * does not inherit. */
static struct error *print_directory(const char *descriptor, const char *directory)
{
    uint64_t number;
    struct error *error = option_number("--print-trace-dir", descriptor, 1 << 20, &number);
    if (error)
        return error;
    if (dprintf((int)number, "%s\n", directory) < 0)
        return error_errno("open it for writing", "cannot print the trace's path to descriptor %s",
                           descriptor);
    if (number > STDERR_FILENO)
        close((int)number);
    return NULL;
}

static struct error *choose_directory(const struct record_arguments *arguments, const char *root,
                                      const char *program, char **ret)
{
    return arguments->directory ? absolute(arguments->directory, ret)
                                : trace_new_path(root, program, ret);
}

/* *status: what reel exits with. */
static struct error *record_as_asked(const struct record_arguments *arguments,
                                     struct record_options *options, int *status)
{
    struct record_result result = {0};
    struct record_statistics statistics = {0};
    struct error *error;
    if (arguments->runs) {
        bool kept;
        int interrupted;
        error = record_until_failure(options, arguments->runs, &result, &kept, &interrupted);
        *status = interrupted ? 128 + interrupted : kept ? run_exit_status(&result) : 0;
        return error;
    }
    error = record_program(options, &result.status, &statistics);
    result.end = statistics.end;
    *status = run_exit_status(&result);
    if (!error)
        print_run_end(options, &result);
    if (arguments->statistics)
        print_statistics(statistics.stops, statistics.calls, statistics.events);
    if (arguments->statistics)
        print_points_named(statistics.points, statistics.points_nanoseconds);
    return error;
}

static struct error *record(const struct record_arguments *arguments, char **program, int *status)
{
    CLEANUP(free) char *path = NULL;
    CLEANUP(free) char *root = NULL;
    CLEANUP(free) char *directory = NULL;
    CLEANUP(free) char *store = NULL;
    struct error *error = program_path(program[0], &path);
    if (!error)
        error = trace_root(true, &root);
    if (!error)
        error = choose_directory(arguments, root, program[0], &directory);
    if (!error && asprintf(&store, "%s/store", root) < 0)
        error = &err_no_memory;
    if (!error && arguments->print_to)
        error = print_directory(arguments->print_to, directory);
    if (error)
        return error;
    struct record_options options = {.path = path,
                                     .arguments = program,
                                     .environment = environ,
                                     .directory = directory,
                                     .store = store,
                                     .root = root,
                                     .chaos = arguments->chaos,
                                     .chaos_seed = arguments->seed,
                                     .timeout_seconds = arguments->timeout,
                                     .find_deadlocks = arguments->chaos || arguments->runs,
                                     .memory_checks = arguments->check != NULL,
                                     .no_fast_path = arguments->no_fast_path,
                                     .name_all_pages =
                                         arguments->points && !strcmp(arguments->points, "all")};
    return record_as_asked(arguments, &options, status);
}

#define SEED_MAX (INT64_MAX - RUNS_MAX) /* JSON has no larger numbers */
#define RUNS_MAX 1000000000
#define TIMEOUT_MAX 1000000000

static struct error *choose_seed(struct record_arguments *arguments)
{
    uint32_t random;
    if (arguments->seed_text)
        return option_number("--chaos", arguments->seed_text, SEED_MAX, &arguments->seed);
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return error_errno("give one: --chaos=SEED", "cannot draw a seed");
    arguments->seed = random; /* short enough to be typed */
    return NULL;
}

static struct error *parse_numbers(struct record_arguments *arguments)
{
    struct error *error = arguments->chaos ? choose_seed(arguments) : NULL;
    if (!error && arguments->runs_text)
        error = option_number("--until-failure", arguments->runs_text, RUNS_MAX, &arguments->runs);
    if (!error && arguments->timeout_text)
        error =
            option_number("--timeout", arguments->timeout_text, TIMEOUT_MAX, &arguments->timeout);
    if (!error && arguments->runs_text && !arguments->runs)
        error = error_new(NULL, "--until-failure needs at least one run");
    return error;
}

static struct error *parse(int argc, char **argv, struct record_arguments *arguments, int *first)
{
    const struct option_rule rules[] = {
        {.letter = 'o', .name = "output-trace-dir", .text = &arguments->directory},
        {.letter = 'n', .name = "no-fast-path", .flag = &arguments->no_fast_path},
        {.name = "chaos", .flag = &arguments->chaos, .text = &arguments->seed_text},
        {.name = "until-failure", .text = &arguments->runs_text},
        {.name = "timeout", .text = &arguments->timeout_text},
        {.name = "check", .text = &arguments->check},
        {.name = "points", .text = &arguments->points},
        {.name = "print-trace-dir", .text = &arguments->print_to},
        {.name = "statistics", .flag = &arguments->statistics},
    };
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_FIRST, first);
    if (!error)
        error = parse_numbers(arguments);
    if (error)
        return error;
    if (arguments->check && strcmp(arguments->check, "memory"))
        return error_new("the one check is --check=memory", "there is no check %s",
                         arguments->check);
    if (arguments->points && strcmp(arguments->points, "all") &&
        strcmp(arguments->points, "written"))
        return error_new("choose --points=written or --points=all", "points cannot be named by %s",
                         arguments->points);
    if (*first >= argc)
        return error_new("usage: reel record [OPTIONS] PROGRAM [ARGUMENTS]",
                         "no program to record");
    return NULL;
}

static int run(int argc, char **argv)
{
    struct record_arguments arguments = {0};
    int first, status = 0;
    struct error *error = parse(argc, argv, &arguments, &first);
    if (!error)
        error = record(&arguments, argv + first, &status);
    return error ? command_result(error) : status;
}

const struct command cmd_record = {
    .name = "record",
    .arguments = "[OPTIONS] PROGRAM [ARGUMENTS]",
    .summary = "runs a program and records it, with every process and thread it starts",
    .help =
        "  -o, --output-trace-dir DIR  write the trace there (default: a new directory under "
        "the root)\n"
        "  -n, --no-fast-path          trace every system call\n"
        "      --check=memory          hash all writable memory at each event, to be compared "
        "in replay\n"
        "      --chaos[=SEED]          switch threads at random, so that rare interleavings "
        "come; the same seed\n"
        "                              decides the same\n"
        "      --until-failure N       record again and again, at most N times, and keep only a "
        "run that fails\n"
        "      --timeout SECONDS       end a run that takes longer; it has failed\n"
        "      --points=written|all    name a moment between calls by the memory written before "
        "it (the default,\n"
        "                              where the kernel tells), or by all memory\n"
        "      --print-trace-dir=FD    print the trace's path to that file descriptor\n"
        "      --statistics            say at the end, on stderr, what recording cost\n"
        "\n"
        "Exits with the program's status, 128+n if signal n ended it, 124 if it was ended after "
        "--timeout or\n"
        "in a deadlock and called that success, 2 if it could not be recorded to its end.\n",
    .run = run,
};
