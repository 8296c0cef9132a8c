/* The launcher with stand-ins for gdb: it is found or not, and its end ends the serving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/gdb/gdb_launch.h"
#include "replay/gdb/gdb_server.h"
#include "tests/fake/history.h"

/* Launches a shell script as gdb, serves until it ends, and returns its status. */
static int launch(const char *script, const char *const *arguments)
{
    char path[] = "/tmp/reel-test-gdb-XXXXXX";
    int fd = mkstemp(path);
    dprintf(fd, "#!/bin/sh\n%s\n", script);
    fchmod(fd, 0700);
    close(fd);
    struct gdb_server *server;
    struct gdb_launch *child;
    assert_null(gdb_server_listen(NULL, 0, &server));
    struct gdb_launch_options options = {.gdb = path,
                                         .port = gdb_server_port(server),
                                         .sysroot = "/",
                                         .command_file = "commands of the user",
                                         .arguments = arguments};
    assert_null(gdb_launch_start(&options, &child));
    struct target *target = machine_run(2);
    struct gdb_serve_options serve = {.keep = true, .end_fd = gdb_launch_end_fd(child)};
    assert_null(gdb_server_serve(server, target, &serve));
    int status = gdb_launch_wait(child);
    target_close(target);
    gdb_server_close(server);
    unlink(path);
    return status;
}

static void missing_gdb_is_an_error(void **state)
{
    struct gdb_launch *child;
    struct gdb_launch_options options = {.gdb = "reel-no-such-debugger", .port = 1};
    struct error *error = gdb_launch_start(&options, &child);
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), "reel-no-such-debugger"));
    assert_non_null(error_remedy(error));
    error_free(error);
}

static void early_end_of_gdb_ends_the_serving(void **state)
{
    assert_int_equal(launch("exit 7", NULL), 7);
    assert_int_equal(launch("kill -9 $$", NULL), 137);
}

/* -l 10000 -x OURS -ex SYSROOT -ex CONNECT -x THEIRS EXTRA… */
static void arguments_are_in_order(void **state)
{
    static const char *const extra[] = {"--batch", "two words", NULL};
    static const char script[] =
        "[ \"$1 $2 $3 $5 $7 $9\" = '-l 10000 -x -ex -ex -x' ] || exit 1\n"
        "grep -q hookpost-monitor \"$4\" || exit 2\n"
        "[ \"$6\" = 'set sysroot /' ] || exit 3\n"
        "case \"$8\" in 'target extended-remote 127.0.0.1:'[0-9]*) ;; *) exit 4 ;; esac\n"
        "shift 9\n"
        "[ \"$1|$2|$3|$#\" = 'commands of the user|--batch|two words|3' ] || exit 5\n";
    assert_int_equal(launch(script, extra), 0);
}

static void interrupts_are_for_gdb(void **state)
{
    /* The child has SIGINT as it was; this process ignores it meanwhile. */
    assert_int_equal(launch("kill -2 $PPID; kill -2 $$; sleep 5", NULL), 130);
    struct sigaction now;
    sigaction(SIGINT, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_gdb_is_an_error),
        cmocka_unit_test(early_end_of_gdb_ends_the_serving),
        cmocka_unit_test(arguments_are_in_order),
        cmocka_unit_test(interrupts_are_for_gdb),
    };
    signal(SIGINT, SIG_DFL); /* a test runner in the background ignores it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
