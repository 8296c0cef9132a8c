/* A writer that is killed, runs out of room, waits, or is used wrongly. */
#include "tests/unit/trace_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static char *directory, *file;

static int setup(void **state)
{
    char *parent = fixture_directory();
    directory = fixture_path(parent, "t");
    file = fixture_path(directory, "trace");
    free(parent);
    return 0;
}

static int teardown(void **state)
{
    free(file);
    *strrchr(directory, '/') = 0;
    fixture_remove(directory);
    return 0;
}

static struct trace_writer *begin(void)
{
    struct trace_header header = fixture_header();
    struct stream_origin origin = fixture_origin();
    struct trace_writer *writer;
    must(trace_writer_create(directory, &header, &writer));
    struct event start = fixture_start(&origin, 1);
    trace_writer_event(writer, 1, &start);
    return writer;
}

static void write_one(struct trace_writer *writer, uint64_t seed)
{
    struct event event = {
        .kind = EVENT_INSTRUCTION, .instruction = INSTRUCTION_RDTSC, .reach = REACH_TRAP, .tid = 1};
    event.before = fixture_regs(seed);
    event.after = fixture_regs(seed * seed);
    trace_writer_event(writer, 1, &event);
}

static uint64_t events_in_trace(struct trace_check *check)
{
    struct trace_reader *reader;
    must(trace_reader_open(directory, &reader));
    must(trace_reader_verify(reader, check));
    trace_reader_close(reader);
    return check->events;
}

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static void what_waits_is_written_by_age(void **state)
{
    struct trace_check check;
    struct trace_writer *writer = begin();
    nap(50);
    for (int i = 0; i < 100; i++)
        write_one(writer, (uint64_t)i);
    nap(400);
    assert_true(events_in_trace(&check) == 101);
    write_one(writer, 7);
    nap(400);
    assert_true(events_in_trace(&check) == 102);
    assert_false(check.ended);
    must(trace_writer_finish(writer, NULL));
}

static void a_killed_recorder_leaves_a_readable_trace(void **state)
{
    struct trace_check check;
    pid_t child = fork();
    if (child == 0) {
        struct trace_writer *writer = begin();
        for (uint64_t i = 0;; i++)
            write_one(writer, i);
    }
    nap(600);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(events_in_trace(&check) > 1000);
    assert_false(check.ended);
}

/* Runs in a child, since a limit cannot be lifted again. Exits with 0 if all went as it should. */
static int record_past_the_limit(void)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){300000, 300000});
    struct trace_writer *writer = begin();
    for (uint64_t i = 0; i < 100000; i++)
        write_one(writer, i);
    nap(300);
    if (!trace_writer_failed(writer))
        return 2;
    write_one(writer, 1);
    struct trace_end end = {0};
    struct error *error = trace_writer_finish(writer, &end);
    if (!error || !strstr(error_message(error), file) || !error_remedy(error))
        return 3;
    error_free(error);
    return 0;
}

static void a_full_disk_leaves_whole_frames(void **state)
{
    struct trace_check check;
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(record_past_the_limit());
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(events_in_trace(&check) > 100);
    assert_true(check.cut_bytes == 0 && !check.ended);
}

static int record_nothing(void)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){20, 20});
    struct trace_header header = fixture_header();
    struct trace_writer *writer;
    struct error *error = trace_writer_create(directory, &header, &writer);
    if (!error)
        return 1;
    error_free(error);
    return access(directory, F_OK) == 0 ? 2 : 0;
}

static void no_room_for_the_header_is_an_error_at_once(void **state)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(record_nothing());
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void directories(void **state)
{
    struct trace_header header = fixture_header();
    struct trace_writer *writer;
    assert_int_equal(mkdir(directory, 0755), 0);
    must(trace_writer_create(directory, &header, &writer));
    struct trace_writer *second;
    must_fail(trace_writer_create(directory, &header, &second), "not an empty directory");
    must(trace_writer_finish(writer, NULL));
    must_fail(trace_writer_create(file, &header, &second), "Not a directory");
    must_fail(trace_writer_create("/no/such/parent", &header, &second), "/no/such/parent");
}

static void a_trace_of_no_events(void **state)
{
    struct trace_check check;
    struct trace_header header = fixture_header();
    struct trace_writer *writer;
    must(trace_writer_create(directory, &header, &writer));
    struct trace_end end = {0};
    must(trace_writer_finish(writer, &end));
    assert_true(events_in_trace(&check) == 0);
    assert_true(check.ended && check.frames == 2);
}

static void expect_refused(uint32_t stream, struct event event, const char *message)
{
    struct trace_writer *writer = begin();
    trace_writer_event(writer, stream, &event);
    assert_true(trace_writer_failed(writer));
    must_fail(trace_writer_finish(writer, NULL), message);
    unlink(file);
}

static void what_a_reader_would_refuse_is_not_written(void **state)
{
    struct stream_origin origin = fixture_origin();
    struct effect bad_name = {.kind = EFFECT_MAP, .map = {.contents = {"../../etc/passwd"}}};
    struct effect bad_output = {.kind = EFFECT_OUTPUT, .output = {.descriptor = 3}};
    struct effect bad_range = {.kind = EFFECT_UNMAP, .address = {UINT64_MAX}, .length = 1};
    struct event event = {.kind = EVENT_INSTRUCTION, .instruction = INSTRUCTION_RDTSC, .tid = 1};
    expect_refused(2, event, "instruction event for stream 2");
    expect_refused(0, event, "for stream 0");
    expect_refused(3, fixture_start(&origin, 1), "for stream 3");
    expect_refused(1, fixture_start(&origin, 1), "start event for stream 1");
    expect_refused(2, fixture_start(NULL, 1), "without origin");
    event.effect_count = 1;
    event.effects = &bad_name;
    expect_refused(1, event, "no valid name");
    event.effects = &bad_output;
    expect_refused(1, event, "output effect");
    event.effects = &bad_range;
    expect_refused(1, event, "past the end");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_waits_is_written_by_age),
        TEST(a_killed_recorder_leaves_a_readable_trace),
        TEST(a_full_disk_leaves_whole_frames),
        TEST(no_room_for_the_header_is_an_error_at_once),
        TEST(directories),
        TEST(a_trace_of_no_events),
        TEST(what_a_reader_would_refuse_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
