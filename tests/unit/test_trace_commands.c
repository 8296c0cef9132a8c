/* The commands that look at traces, on a made-up trace; and those that list and remove them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/trace_merge.h"
#include "tests/unit/made_up_trace.h"
#include "trace-format/location.h"

static char root[] = "/tmp/reel-test-XXXXXX";
static char output[65536]; /* what the last command printed, standard error behind it */

static const char *in_root(const char *name)
{
    static char path[8][PATH_MAX]; /* so many may be in use at once */
    static unsigned turn;
    char *ret = path[turn++ % 8];
    snprintf(ret, PATH_MAX, "%s/%s", root, name);
    return ret;
}

#define RUN(command, ...) run_command(command, (char *[]){(char *)"x", __VA_ARGS__, NULL})
#define W(text) ((char *)(text))

static int run_command(const struct command *command, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    fflush(stdout);
    int saved_out = dup(1), saved_err = dup(2);
    int file = open(in_root("output"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, 1);
    dup2(file, 2);
    int status = command->run(argc, argv);
    fflush(stdout);
    dup2(saved_out, 1);
    dup2(saved_err, 2);
    close(saved_out);
    close(saved_err);
    ssize_t length = pread(file, output, sizeof(output) - 1, 0);
    output[length > 0 ? length : 0] = '\0';
    close(file);
    return status;
}

static void assert_prints(const char *text)
{
    if (!strstr(output, text))
        fail_msg("no \"%s\" in:\n%s", text, output);
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* A trace whose file was written `hour` hours after the epoch: those of a test differ by less than
 * the clock's granularity. */
static struct error *make_trace(const char *name, bool ended, time_t hour)
{
    const struct timespec times[2] = {{.tv_sec = hour * 3600}, {.tv_sec = hour * 3600}};
    char file[PATH_MAX];
    struct error *error = made_up_trace(in_root(name), ended);
    snprintf(file, sizeof(file), "%s/trace", in_root(name));
    if (!error && utimensat(AT_FDCWD, file, times, 0) != 0)
        error = error_errno(NULL, "cannot date %s", file);
    return error;
}

static int set_up(void **state)
{
    unsetenv("XDG_DATA_HOME");
    strcpy(root + strlen(root) - 6, "XXXXXX");
    if (!mkdtemp(root) || setenv("REEL_TRACE_DIR", root, 1) != 0)
        return -1;
    struct error *error = make_trace("sh-1", true, 1);
    if (!error)
        error = make_trace("sh-10", false, 2);
    if (!error)
        error = make_trace("sh-2", true, 3);
    if (!error)
        error = trace_set_latest(root, in_root("sh-2"));
    if (error)
        error_report(error);
    return error ? -1 : 0;
}

static int tear_down(void **state)
{
    char command[PATH_MAX];
    snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", root, root);
    return system(command) == 0 ? 0 : -1;
}

static void events_merge_in_order_of_ticks(void **state)
{
    static const uint32_t streams[] = {1, 1, 2, 2, 3, 3, 3, 1, 4, 4, 1};
    struct trace_reader *reader;
    struct trace_merge *merge;
    const struct event *event;
    uint32_t stream;
    uint64_t last = 0;
    assert_null(trace_reader_open(in_root("sh-1"), &reader));
    assert_null(trace_merge_create(reader, &merge));
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
        assert_null(trace_merge_next(merge, &stream, &event));
        assert_int_equal(stream, streams[i]);
        assert_true(i == 0 || event->tick == last + 1);
        last = event->tick;
    }
    for (int i = 0; i < 2; i++) {
        assert_null(trace_merge_next(merge, &stream, &event));
        assert_null(event);
    }
    trace_merge_destroy(merge);
    trace_reader_close(reader);
}

static void ps_prints_rrs_columns(void **state)
{
    assert_int_equal(RUN(&cmd_ps, NULL), 0);
    assert_string_equal(output, "PID\tPPID\tEXIT\tCMD\n"
                                "100\t--\t3\tsh -c ls\\x1b[2J; exit 3\n"
                                "101\t100\t-11\tls -l\n"
                                "102\t100\t0\t(forked without exec)\n");
}

static json_t *parsed(void)
{
    json_error_t error;
    json_t *value = json_loads(output, 0, &error);
    if (!value)
        fail_msg("%s at line %d of:\n%s", error.text, error.line, output);
    return value;
}

static void ps_and_info_print_json(void **state)
{
    assert_int_equal(RUN(&cmd_ps, W("--json"), W("sh-1")), 0);
    json_t *value = parsed();
    assert_int_equal(json_array_size(value), 3);
    json_t *crashed = json_array_get(value, 1);
    assert_string_equal(json_string_value(json_object_get(crashed, "signal")), "SIGSEGV");
    json_decref(value);
    assert_int_equal(RUN(&cmd_info, W("--json"), W("sh-1")), 0);
    value = parsed();
    assert_int_equal(json_integer_value(json_object_get(value, "events")), 11);
    assert_int_equal(json_integer_value(json_object_get(value, "exit")), 3);
    json_decref(value);
}

static void info_says_how_it_ended(void **state)
{
    assert_int_equal(RUN(&cmd_info, W("sh-1")), 0);
    assert_prints("ended       exit 3\n");
    assert_prints("duration    1.5 ms\n");
    assert_prints("processes   3\n");
    assert_prints("  clone                        2\n");
    assert_prints("cpu needs   avx2\n");
    assert_int_equal(RUN(&cmd_info, W("sh-10")), 0);
    assert_prints("ended       no: cut after event 11, at byte ");
}

static void dump_prints_a_line_an_event(void **state)
{
    assert_int_equal(RUN(&cmd_dump, W("sh-1"), W("--effects")), 0);
    assert_prints("start of process 100 (parent 1): /bin/prog: sh -c ls\\x1b[2J; exit 3\n");
    assert_prints("    map 0x400000+4096 r-x private " MADE_UP_CONTENTS " at 0x0 /bin/prog\n");
    assert_prints("    fork begins stream 2\n");
    assert_prints(" 3.1 101 signal SIGSEGV at 0x401234, fatal\n");
    assert_prints(" 3.2 101 exit: SIGSEGV (core dumped), the process ends\n");
}

static size_t lines(void)
{
    size_t count = 0;
    for (const char *at = output; (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

static void dump_takes_ranges(void **state)
{
    RUN(&cmd_dump, W("-s"), W("3"), W("sh-1"), W("1-"));
    assert_int_equal(lines(), 2);
    RUN(&cmd_dump, W("-s"), W("3"), W("1"));
    assert_int_equal(lines(), 1);
    assert_prints(" 3.1 101 signal");
    RUN(&cmd_dump, W("2-4"));
    assert_int_equal(lines(), 3);
    assert_int_equal(RUN(&cmd_dump, W("sh-1"), W("4-x")), 2);
    assert_prints("not a range of events: 4-x");
    assert_int_equal(RUN(&cmd_dump, W("-s"), W("9"), W("sh-1")), 2);
    assert_prints("has no stream 9");
}

static void dump_prints_json_lines(void **state)
{
    assert_int_equal(RUN(&cmd_dump, W("--json"), W("--bytes"), W("-r"), W("sh-1")), 0);
    assert_int_equal(lines(), 11);
    size_t parsed_lines = 0;
    for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n"), parsed_lines++) {
        json_t *value = json_loads(line, 0, NULL);
        assert_non_null(value);
        if (parsed_lines == 1) {
            json_t *memory = json_array_get(json_object_get(value, "effects"), 0);
            assert_string_equal(json_string_value(json_object_get(memory, "bytes")),
                                "7772697474656e1b");
            assert_string_equal(json_string_value(json_object_get(value, "call")), "clone");
        }
        json_decref(value);
    }
    assert_int_equal(parsed_lines, 11);
}

static void verify_tells_whole_cut_and_corrupt(void **state)
{
    assert_int_equal(RUN(&cmd_verify, W("sh-1")), 0);
    assert_prints(": whole, ");
    assert_int_equal(RUN(&cmd_verify, W("sh-10")), 0);
    assert_prints(": truncated, ");
    int file = open(in_root("sh-2/trace"), O_RDWR);
    struct stat status;
    uint8_t byte;
    assert_true(file >= 0 && fstat(file, &status) == 0);
    assert_int_equal(pread(file, &byte, 1, status.st_size / 2), 1);
    byte ^= 4;
    assert_int_equal(pwrite(file, &byte, 1, status.st_size / 2), 1);
    close(file);
    assert_int_equal(RUN(&cmd_verify, W("sh-2")), 2);
    assert_prints("sh-2/trace");
    assert_int_equal(lines(), 1);
}

static void ls_sorts_by_version_and_time(void **state)
{
    assert_int_equal(RUN(&cmd_ls, NULL), 0);
    assert_string_equal(output, "sh-1\nsh-2\nsh-10\n");
    RUN(&cmd_ls, W("-t"), W("-r"));
    assert_string_equal(output, "sh-1\nsh-10\nsh-2\n");
    RUN(&cmd_ls, W("-l"), W(root));
    assert_prints("\tcut\tsh -c ls\\x1b[2J; exit 3\n");
    assert_int_equal(RUN(&cmd_ls, W("--json")), 0);
    json_t *value = parsed();
    assert_int_equal(json_array_size(value), 3);
    json_decref(value);
    assert_int_equal(RUN(&cmd_ls, W("/nowhere")), 2);
    assert_prints("cannot list /nowhere");
}

static void rm_removes_and_moves_latest(void **state)
{
    assert_int_equal(RUN(&cmd_rm, W("latest")), 0);
    assert_false(exists(in_root("sh-2")));
    RUN(&cmd_ls, W("-t"));
    assert_string_equal(output, "sh-10\nsh-1\n");
    assert_int_equal(RUN(&cmd_info, NULL), 0);
    assert_prints("/sh-10\n");
    assert_int_equal(RUN(&cmd_rm, W("sh-1"), W("sh-10")), 0);
    assert_false(exists(in_root("latest")));
    assert_int_equal(RUN(&cmd_rm, W("sh-1")), 2);
}

static void rm_spares_what_is_no_trace(void **state)
{
    int file = open(in_root("sh-1/thesis.tex"), O_WRONLY | O_CREAT, 0600);
    close(file);
    assert_int_equal(RUN(&cmd_rm, W("sh-1")), 2);
    assert_prints("holds thesis.tex, which is no part of a trace");
    assert_true(exists(in_root("sh-1/trace")));

    char outside[] = "/tmp/reel-test-outside-XXXXXX";
    assert_non_null(mkdtemp(outside));
    assert_null(made_up_trace(outside, true));
    assert_int_equal(symlink(outside, in_root("link")), 0);
    assert_int_equal(RUN(&cmd_rm, W("link")), 2);
    assert_prints("is a symbolic link out of");
    assert_int_equal(RUN(&cmd_rm, W(in_root("link/"))), 2);
    assert_int_equal(RUN(&cmd_rm, W(outside)), 0);
    assert_false(exists(outside));
}

static void touch(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0);
    close(file);
}

static void gc_frees_what_no_trace_needs(void **state)
{
    const char *needed = in_root("store/" MADE_UP_CONTENTS);
    const char *unneeded = in_root("store/00000000000000000000000000000000");
    const char *link = in_root("store/seen/some-key");
    assert_int_equal(mkdir(in_root("store"), 0700), 0);
    assert_int_equal(mkdir(in_root("store/seen"), 0700), 0);
    assert_int_equal(mkdir(in_root("store/notes"), 0700), 0);
    touch(needed);
    touch(unneeded);
    touch(in_root("store/notes/" MADE_UP_CONTENTS));
    touch(in_root("store/notes/00000000000000000000000000000000"));
    assert_int_equal(symlink("../00000000000000000000000000000000", link), 0);

    int recorder = open(in_root("sh-10/trace"), O_WRONLY | O_APPEND);
    assert_int_equal(RUN(&cmd_rm, W("--gc")), 2);
    assert_prints("is being recorded");
    assert_true(exists(in_root("store/00000000000000000000000000000000")));
    close(recorder);

    assert_int_equal(RUN(&cmd_rm, W("--gc")), 0);
    assert_true(exists(in_root("store/" MADE_UP_CONTENTS)));
    assert_false(exists(in_root("store/00000000000000000000000000000000")));
    assert_false(exists(in_root("store/seen/some-key")));
    assert_true(exists(in_root("store/notes/" MADE_UP_CONTENTS)));
    assert_false(exists(in_root("store/notes/00000000000000000000000000000000")));
}

#define TRACE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACE_TEST(events_merge_in_order_of_ticks), TRACE_TEST(ps_prints_rrs_columns),
        TRACE_TEST(ps_and_info_print_json),         TRACE_TEST(info_says_how_it_ended),
        TRACE_TEST(dump_prints_a_line_an_event),    TRACE_TEST(dump_takes_ranges),
        TRACE_TEST(dump_prints_json_lines),         TRACE_TEST(verify_tells_whole_cut_and_corrupt),
        TRACE_TEST(ls_sorts_by_version_and_time),   TRACE_TEST(rm_removes_and_moves_latest),
        TRACE_TEST(rm_spares_what_is_no_trace),     TRACE_TEST(gc_frees_what_no_trace_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
