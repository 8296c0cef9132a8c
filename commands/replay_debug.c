#include "commands/replay_debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/choose_process.h"
#include "commands/options.h"
#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_launch.h"
#include "replay/gdb/gdb_server.h"

/* For editors and Delve, which look for this: where to connect, and with what. */
static void print_banner(const struct gdb_server *server, const struct target *target,
                         const char *host)
{
    fprintf(stderr,
            "Launch gdb with\n  gdb '-l' '10000' '-ex' 'set sysroot /' '-ex' 'target "
            "extended-remote %s:%d' %s\n",
            host ? host : "127.0.0.1", gdb_server_port(server),
            target_stream(target)->origin.executable);
}

static struct error *serve_only(struct gdb_server *server, struct target *target,
                                const struct debug_arguments *arguments,
                                struct gdb_serve_options *options)
{
    print_banner(server, target, arguments->host);
    options->keep = arguments->keep;
    return gdb_server_serve(server, target, options);
}

static struct error *serve_gdb(struct gdb_server *server, struct target *target,
                               const struct debug_arguments *arguments,
                               struct gdb_serve_options *options, int *status)
{
    const struct gdb_launch_options launch_options = {.gdb = arguments->debugger,
                                                      .host = arguments->host,
                                                      .port = gdb_server_port(server),
                                                      .command_file = arguments->commands,
                                                      .arguments = arguments->debugger_arguments};
    struct gdb_launch *launch;
    struct error *error = gdb_launch_start(&launch_options, &launch);
    if (error)
        return error;
    options->keep = true;
    options->end_fd = gdb_launch_end_fd(launch);
    error = gdb_server_serve(server, target, options);
    *status = gdb_launch_wait(launch);
    return error;
}

static struct error *serve(struct trace_reader *reader, struct target *target,
                           const struct debug_arguments *arguments, int *status)
{
    struct gdb_serve_options options = {.features = &trace_reader_header(reader)->features,
                                        .end_fd = -1};
    struct gdb_server *server;
    uint64_t port = 0;
    struct error *error = NULL;
    if (arguments->port)
        error = option_number("the port", arguments->port, 65535, &port);
    if (!error)
        error = gdb_server_listen(arguments->host, (int)port, &server);
    if (error)
        return error;
    error = arguments->port ? serve_only(server, target, arguments, &options)
                            : serve_gdb(server, target, arguments, &options, status);
    gdb_server_close(server);
    return error;
}

/* `EVENT` or `EVENT+COUNT`, as `monitor when` says it. */
static struct error *go_to(struct target *target, const char *place)
{
    struct position position = {0, 0};
    const char *plus = strchrnul(place, '+');
    CLEANUP(free) char *event = strndup(place, (size_t)(plus - place));
    if (!event)
        return &err_no_memory;
    struct error *error = option_number("the event", event, UINT64_MAX, &position.event);
    if (!error && *plus)
        error = option_number("the count", plus + 1, UINT64_MAX, &position.count);
    return error ? error : target_seek(target, position);
}

struct error *replay_debug(struct trace_reader *reader, const struct debug_arguments *arguments,
                           int *status)
{
    struct target *target;
    uint32_t stream;
    *status = 0;
    struct error *error = choose_process(reader, arguments->process, &stream);
    if (!error)
        error = target_open(reader, stream, &target);
    if (error)
        return error;
    if (arguments->place)
        error = go_to(target, arguments->place);
    if (!error)
        error = serve(reader, target, arguments, status);
    target_close(target);
    return error;
}
