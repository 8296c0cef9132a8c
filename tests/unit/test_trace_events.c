/* What is written is read: every kind of event and effect, of any size, from any number. */
#include "tests/unit/trace_fixture.h"

#include <pthread.h>

static char *directory;

static int setup(void **state)
{
    char *parent = fixture_directory();
    directory = fixture_path(parent, "t");
    free(parent);
    return 0;
}

static int teardown(void **state)
{
    *strrchr(directory, '/') = 0;
    fixture_remove(directory);
    return 0;
}

static struct trace_writer *begin(void)
{
    struct trace_header header = fixture_header();
    struct trace_writer *writer;
    must(trace_writer_create(directory, &header, &writer));
    return writer;
}

static struct trace_reader *finish(struct trace_writer *writer)
{
    struct trace_end end = {.status = 9, .nanoseconds = 12345};
    struct trace_reader *reader;
    struct trace_check check;
    must(trace_writer_finish(writer, &end));
    must(trace_reader_open(directory, &reader));
    must(trace_reader_verify(reader, &check));
    assert_true(check.ended && check.cut_bytes == 0);
    return reader;
}

static void expect_next(struct event_cursor *cursor, const struct event *expected)
{
    const struct event *event;
    must(event_cursor_next(cursor, &event));
    assert_non_null(event);
    same_event(event, expected);
}

static void expect_end(struct event_cursor *cursor)
{
    const struct event *event;
    must(event_cursor_next(cursor, &event));
    assert_null(event);
    must(event_cursor_next(cursor, &event));
    assert_null(event);
}

static void header_and_end_round_trip(void **state)
{
    fixture_small_trace(directory, true);
    struct trace_reader *reader;
    must(trace_reader_open(directory, &reader));
    struct trace_header expected = fixture_header();
    const struct trace_header *header = trace_reader_header(reader);
    assert_true(header->recorded_at == expected.recorded_at);
    assert_int_equal(header->cpu, expected.cpu);
    assert_memory_equal(header->features.word, expected.features.word,
                        sizeof(expected.features.word));
    assert_true(header->features.xcr0 == expected.features.xcr0);
    assert_int_equal(header->features.xsave_bytes, expected.features.xsave_bytes);
    assert_true(header->chaos && header->chaos_seed == 0x123456789abcdef0);
    assert_true(header->memory_checks && header->stack_limit == UINT64_MAX);
    assert_string_equal(header->store, expected.store);
    assert_string_equal(header->directory, expected.directory);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(header->arguments[i], expected.arguments[i]);
    assert_null(header->arguments[3]);
    const struct trace_end *end = trace_reader_end(reader);
    assert_non_null(end);
    assert_int_equal(end->status, 256);
    assert_true(end->events == 4 && end->nanoseconds == 5);
    trace_reader_close(reader);
}

static void streams_are_listed(void **state)
{
    fixture_small_trace(directory, false);
    struct trace_reader *reader;
    must(trace_reader_open(directory, &reader));
    assert_null(trace_reader_end(reader));
    assert_int_equal(trace_reader_streams(reader), 2);
    const struct stream_info *first = trace_reader_stream(reader, 1);
    const struct stream_info *second = trace_reader_stream(reader, 2);
    struct stream_origin origin = fixture_origin();
    same_origin(&first->origin, &origin);
    assert_true(first->start_tick == 1 && first->first_tid == 100 && first->events == 2);
    assert_true(second->start_tick == 3 && second->first_tid == 101 && second->events == 2);
    assert_true(second->origin.forked && second->origin.parent_stream == 1);
    assert_true(second->origin.parent_event == 1);
    assert_null(trace_reader_stream(reader, 0));
    assert_null(trace_reader_stream(reader, 3));
    trace_reader_close(reader);
}

static void every_kind_round_trips(void **state)
{
    static uint8_t siginfo[SIGINFO_BYTES] = {1, 2, 3};
    struct effect effects[FIXTURE_EFFECTS];
    struct stream_origin origin = fixture_origin();
    struct event events[] = {
        fixture_start(&origin, 100),
        {.kind = EVENT_CALL, .reach = REACH_CALL},
        {.kind = EVENT_CALL_ENTER, .reach = REACH_CALL},
        {.kind = EVENT_CALL_EXIT},
        {.kind = EVENT_SIGNAL, .signal = 11, .siginfo = siginfo, .reach = REACH_TRAP},
        {.kind = EVENT_SIGNAL, .signal = 64, .fatal = true, .reach = REACH_CALL},
        {.kind = EVENT_INSTRUCTION, .instruction = INSTRUCTION_RDTSC, .reach = REACH_TRAP},
        {.kind = EVENT_INSTRUCTION, .instruction = INSTRUCTION_RDSEED, .reach = REACH_TRAP},
        {.kind = EVENT_EXEC, .reach = REACH_CALL, .next_stream = 2},
        {.kind = EVENT_POINT, .reach = REACH_POINT, .nanoseconds = 50000000},
        {.kind = EVENT_EXIT, .status = 0xffffffff, .exit_flags = EXIT_LAST_OF_PROCESS},
    };
    struct trace_writer *writer = begin();
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        events[i].tid = 100 + i % 3;
        events[i].effects = effects;
        events[i].effect_count = fixture_effects(effects);
        if (event_has_before(events[i].kind))
            events[i].before = fixture_regs(i * 7);
        if (event_has_after(events[i].kind))
            events[i].after = fixture_regs(i * 11);
        trace_writer_event(writer, 1, &events[i]);
        assert_true(events[i].number == i && events[i].tick == i + 1);
    }
    struct event next = fixture_start(&origin, 100);
    trace_writer_event(writer, 2, &next);
    struct trace_reader *reader = finish(writer);
    struct event_cursor *cursor;
    must(event_cursor_create(reader, 1, &cursor));
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++)
        expect_next(cursor, &events[i]);
    expect_end(cursor);
    for (size_t i = ARRAY_LENGTH(events); i-- > 0;) {
        must(event_cursor_seek(cursor, i));
        expect_next(cursor, &events[i]);
    }
    event_cursor_destroy(cursor);
    trace_reader_close(reader);
}

/* Event `i` of a stream of mixed sizes: some larger than many frames. */
static struct event mixed_event(size_t i, uint8_t *bytes, size_t size, struct effect effects[3])
{
    size_t length = i % 17 == 3 ? 70000 : i % 23 == 5 ? size : i % 11;
    struct event event = {.kind = EVENT_CALL, .reach = REACH_CALL, .tid = (uint32_t)(1 + i % 5)};
    effects[0] = (struct effect){.kind = EFFECT_MEMORY, .address = taddr_of(4096 * i)};
    effects[0].length = length;
    effects[0].bytes = bytes + i;
    effects[1] = (struct effect){.kind = EFFECT_XSAVE, .length = length / 2, .bytes = bytes};
    effects[2] = (struct effect){.kind = EFFECT_UNMAP, .address = taddr_of(i), .length = i};
    event.number = i + 1;
    event.tick = i + 2;
    event.effects = effects;
    event.effect_count = 3;
    event.before = fixture_regs(i);
    event.after = event.before;
    event.after.value[TRACE_RAX] = length;
    return event;
}

#define MIXED_EVENTS 200
#define MIXED_BYTES (1500000)

static void large_events_and_seeking(void **state)
{
    CLEANUP(free) uint8_t *bytes = malloc(MIXED_BYTES + MIXED_EVENTS);
    for (size_t i = 0; i < MIXED_BYTES + MIXED_EVENTS; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    struct stream_origin origin = fixture_origin();
    struct effect effects[3];
    struct trace_writer *writer = begin();
    struct event start = fixture_start(&origin, 1);
    trace_writer_event(writer, 1, &start);
    for (size_t i = 0; i < MIXED_EVENTS; i++) {
        struct event event = mixed_event(i, bytes, MIXED_BYTES, effects);
        trace_writer_event(writer, 1, &event);
        assert_true(event.number == i + 1);
    }
    struct trace_reader *reader = finish(writer);
    struct event_cursor *forward, *jumping;
    must(event_cursor_create(reader, 1, &forward));
    must(event_cursor_create(reader, 1, &jumping));
    expect_next(forward, &start);
    for (size_t i = 0; i < MIXED_EVENTS; i++) {
        struct event event = mixed_event(i, bytes, MIXED_BYTES, effects);
        expect_next(forward, &event);
        size_t other = i * 67 % MIXED_EVENTS;
        event = mixed_event(other, bytes, MIXED_BYTES, effects);
        must(event_cursor_seek(jumping, other + 1));
        expect_next(jumping, &event);
    }
    expect_end(forward);
    must(event_cursor_seek(jumping, MIXED_EVENTS + 1));
    expect_end(jumping);
    must(event_cursor_seek(jumping, UINT64_MAX));
    expect_end(jumping);
    must(event_cursor_seek(jumping, 0));
    expect_next(jumping, &start);
    event_cursor_destroy(forward);
    event_cursor_destroy(jumping);
    trace_reader_close(reader);
}

static void long_arguments_round_trip(void **state)
{
    size_t size = 400000;
    CLEANUP(free) char *argument = malloc(size);
    memset(argument, 'a', size - 1);
    argument[size - 1] = 0;
    const char *const arguments[] = {"prog", argument, "", argument, NULL};
    struct stream_origin origin = fixture_origin();
    origin.arguments = arguments;
    struct trace_header header = fixture_header();
    header.arguments = arguments;
    struct trace_writer *writer;
    must(trace_writer_create(directory, &header, &writer));
    struct event start = fixture_start(&origin, 1);
    trace_writer_event(writer, 1, &start);
    struct trace_reader *reader = finish(writer);
    same_origin(&trace_reader_stream(reader, 1)->origin, &origin);
    assert_string_equal(trace_reader_header(reader)->arguments[1], "...");
    struct event_cursor *cursor;
    must(event_cursor_create(reader, 1, &cursor));
    expect_next(cursor, &start);
    event_cursor_destroy(cursor);
    trace_reader_close(reader);
}

#define THREADS 8
#define THREAD_EVENTS 20000

struct thread_work {
    struct trace_writer *writer;
    uint32_t stream;
};

static void *write_stream(void *argument)
{
    struct thread_work *work = argument;
    for (size_t i = 0; i < THREAD_EVENTS; i++) {
        struct event event = {.kind = EVENT_INSTRUCTION,
                              .instruction = INSTRUCTION_RDTSC,
                              .reach = REACH_TRAP,
                              .tid = work->stream};
        event.before = fixture_regs(i);
        event.after = fixture_regs(i + 1);
        trace_writer_event(work->writer, work->stream, &event);
    }
    return NULL;
}

static void streams_are_written_at_once(void **state)
{
    struct stream_origin origin = fixture_origin();
    struct trace_writer *writer = begin();
    struct thread_work work[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        work[i] = (struct thread_work){writer, i + 1};
        struct event start = fixture_start(&origin, i + 1);
        trace_writer_event(writer, i + 1, &start);
        assert_int_equal(pthread_create(&threads[i], NULL, write_stream, &work[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct trace_reader *reader = finish(writer);
    assert_int_equal(trace_reader_streams(reader), THREADS);
    assert_true(trace_reader_end(reader)->events == THREADS * (THREAD_EVENTS + 1));
    trace_reader_close(reader);
}

static void thousands_of_streams(void **state)
{
    struct stream_origin origin = fixture_origin();
    struct trace_writer *writer = begin();
    for (uint32_t i = 1; i <= 3000; i++) {
        struct event start = fixture_start(&origin, i);
        trace_writer_event(writer, i, &start);
        struct event leave = {.kind = EVENT_EXIT, .tid = i, .status = i};
        trace_writer_event(writer, i, &leave);
    }
    struct trace_reader *reader = finish(writer);
    assert_int_equal(trace_reader_streams(reader), 3000);
    assert_true(trace_reader_stream(reader, 3000)->events == 2);
    trace_reader_close(reader);
}

static void names_and_shapes(void **state)
{
    assert_string_equal(event_kind_name(EVENT_CALL_ENTER), "call-enter");
    assert_string_equal(effect_kind_name(EFFECT_CHECK), "check");
    assert_string_equal(event_kind_name(99), "unknown");
    assert_string_equal(trace_reg_names[TRACE_RIP], "rip");
    assert_string_equal(trace_reg_names[TRACE_GS], "gs");
    assert_string_equal(trace_reg_names[TRACE_FS_BASE], "fs_base");
    assert_false(event_has_before(EVENT_START) || event_has_after(EVENT_EXEC));
    assert_true(event_has_before(EVENT_EXEC) && event_has_after(EVENT_START));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_shapes), TEST(header_and_end_round_trip),
        TEST(streams_are_listed),           TEST(every_kind_round_trips),
        TEST(large_events_and_seeking),     TEST(long_arguments_round_trip),
        TEST(streams_are_written_at_once),  TEST(thousands_of_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
