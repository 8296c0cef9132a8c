/*
 * A stand-in for `reel` in debugging sessions: the same command lines over a history instead of a
 * trace, to try the gdb server, the launcher and the sessions by themselves.
 *
 *   fake-reel record -o DIR PROG ARGS…          remembers the command line
 *   fake-reel replay [-x FILE] [-s PORT] DIR [-- GDB-ARGS…]   single-steps it, then gdb
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_launch.h"
#include "replay/gdb/gdb_server.h"
#include "tests/fake/history.h"

static int fail(struct error *error)
{
    error_report(error);
    error_free(error);
    return 2;
}

static int record(int argc, char **argv)
{
    char name[4096];
    if (argc < 5 || strcmp(argv[2], "-o") != 0)
        return 2;
    mkdir(argv[3], 0777);
    snprintf(name, sizeof(name), "%s/command", argv[3]);
    CLEANUP(fclose) FILE *file = fopen(name, "we");
    for (int i = 4; file && i < argc; i++)
        fprintf(file, "%s\n", argv[i]);
    return file ? 0 : 2;
}

static size_t read_command(const char *directory, char **arguments, size_t capacity)
{
    static char line[16][512];
    char name[4096];
    size_t count = 0;
    snprintf(name, sizeof(name), "%s/command", directory);
    CLEANUP(fclose) FILE *file = fopen(name, "re");
    while (file && count < 16 && count + 1 < capacity && fgets(line[count], 512, file)) {
        line[count][strcspn(line[count], "\n")] = 0;
        arguments[count] = line[count];
        count++;
    }
    arguments[count] = NULL;
    return count;
}

static uint64_t this_cpus_xcr0(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static int serve(struct target *target, struct gdb_launch_options *launch_options, int port)
{
    struct gdb_server *server;
    struct gdb_launch *launch;
    struct cpu_features features = {.xcr0 = this_cpus_xcr0()};
    struct gdb_serve_options options = {.features = &features, .end_fd = -1};
    struct error *error = gdb_server_listen(NULL, port < 0 ? 0 : port, &server);
    if (error)
        return fail(error);
    if (port >= 0) {
        printf("%d\n", gdb_server_port(server));
        fflush(stdout);
        error = gdb_server_serve(server, target, &options);
        gdb_server_close(server);
        return error ? fail(error) : 0;
    }
    launch_options->port = gdb_server_port(server);
    error = gdb_launch_start(launch_options, &launch);
    if (error)
        return fail(error);
    options.keep = true;
    options.end_fd = gdb_launch_end_fd(launch);
    error = gdb_server_serve(server, target, &options);
    gdb_server_close(server);
    int status = gdb_launch_wait(launch);
    return error ? fail(error) : status;
}

static int replay(int argc, char **argv)
{
    struct gdb_launch_options options = {0};
    char *arguments[17];
    struct target *target;
    int port = -1;
    int option;
    while ((option = getopt(argc - 1, argv + 1, "+x:s:")) != -1) {
        if (option == 'x')
            options.command_file = optarg;
        else if (option == 's')
            port = atoi(optarg);
        else
            return 2;
    }
    char **rest = argv + 1 + optind;
    if (!rest[0] || read_command(rest[0], arguments, ARRAY_LENGTH(arguments)) == 0)
        return 2;
    if (rest[1] && strcmp(rest[1], "--") == 0)
        options.arguments = (const char *const *)rest + 2;
    /* FAKE_REEL_SLOW: microseconds an instruction takes in replay, to try ^C */
    struct error *error = stepper_run((const char *const *)arguments, &target);
    if (error)
        return fail(error);
    const char *slow = getenv("FAKE_REEL_SLOW");
    target->moment_microseconds = slow ? (unsigned)atoi(slow) : 0;
    int status = serve(target, &options, port);
    target_close(target);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "record") == 0)
        return record(argc, argv);
    if (argc > 1 && strcmp(argv[1], "replay") == 0)
        return replay(argc, argv);
    return 2;
}
