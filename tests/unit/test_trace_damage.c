/* Traces that are cut, damaged, newer or made by hand: an error or a shorter trace, never a crash.
 */
#include "tests/unit/trace_fixture.h"

#include <sys/wait.h>
#include <xxhash.h>

#include "engine/base/bytes.h"
#include "trace-format/frame.h"
#include "trace-format/header_code.h"

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

/* The first error of opening and reading all, or NULL. */
static struct error *read_all(struct trace_check *check)
{
    struct trace_reader *reader;
    struct error *error = trace_reader_open(directory, &reader);
    if (error)
        return error;
    error = trace_reader_verify(reader, check);
    trace_reader_close(reader);
    return error;
}

/* In place: truncating and rewriting a file makes ext4 flush it each time. */
static void poke(size_t offset, uint8_t byte)
{
    CLEANUP(close_fd) int fd = open(file, O_WRONLY | O_CLOEXEC);
    assert_true(pwrite(fd, &byte, 1, (off_t)offset) == 1);
}

static void every_flipped_bit_is_found(void **state)
{
    size_t size;
    struct trace_check check;
    fixture_small_trace(directory, true);
    CLEANUP(free) uint8_t *bytes = fixture_read(file, &size);
    must(read_all(&check));
    for (size_t bit = 0; bit < 8 * size; bit++) {
        poke(bit / 8, bytes[bit / 8] ^ (uint8_t)(1 << bit % 8));
        struct error *error = read_all(&check);
        if (!error)
            fail_msg("bit %zu of byte %zu flipped and not found", bit % 8, bit / 8);
        if (!strstr(error_message(error), file))
            fail_msg("no file name in: %s", error_message(error));
        error_free(error);
        poke(bit / 8, bytes[bit / 8]);
    }
}

/* Where the frames end, from offset 0; returns how many. */
static size_t frame_ends(const uint8_t *bytes, size_t size, size_t *ends)
{
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        struct frame frame;
        must(frame_parse(bytes + at, &frame));
        at += FRAME_HEADER_BYTES + frame.packed_length;
        ends[count++] = at;
    }
    return count;
}

static void expect_cut(size_t length, size_t whole, size_t frames)
{
    struct trace_check check;
    must(read_all(&check));
    assert_true(check.frames == frames);
    assert_true(check.file_bytes == length);
    assert_true(check.cut_bytes == length - whole);
    assert_true(check.cut_bytes == 0 || check.cut_offset == whole);
    assert_false(check.ended);
}

static void every_cut_reads_to_the_last_whole_frame(void **state)
{
    size_t size, ends[16], whole = 0;
    struct trace_check check;
    fixture_small_trace(directory, true);
    CLEANUP(free) uint8_t *bytes = fixture_read(file, &size);
    size_t count = frame_ends(bytes, size, ends);
    assert_int_equal(count, 6); /* header, start, call, start, exit, end */
    for (size_t length = 0; length < size; length++) {
        fixture_write(file, bytes, length);
        if (length == ends[whole])
            whole++;
        if (whole == 0)
            must_fail(read_all(&check), length ? "is cut within its header" : "is empty");
        else
            expect_cut(length, ends[whole - 1], whole);
    }
}

static void flips_in_a_cut_trace_are_found(void **state)
{
    size_t size, ends[16];
    struct trace_check check;
    fixture_small_trace(directory, true);
    CLEANUP(free) uint8_t *bytes = fixture_read(file, &size);
    frame_ends(bytes, size, ends);
    fixture_write(file, bytes, ends[3] + 20);
    for (size_t at = 0; at < ends[3]; at++) {
        poke(at, bytes[at] ^ 0x10);
        struct error *error = read_all(&check);
        if (!error)
            fail_msg("byte %zu changed and not found", at);
        error_free(error);
        poke(at, bytes[at]);
    }
}

static void what_is_no_trace_is_said(void **state)
{
    struct trace_check check;
    must_fail(read_all(&check), "No such file");
    assert_int_equal(mkdir(directory, 0700), 0);
    must_fail(read_all(&check), "No such file");
    fixture_write(file, "#!/bin/sh\necho this is something else entirely, and quite long\n", 62);
    must_fail(read_all(&check), "is not a trace");
    fixture_write(file, "ab", 2);
    must_fail(read_all(&check), "is not a trace");
    unlink(file);
    assert_int_equal(mkdir(file, 0700), 0);
    must_fail(read_all(&check), "is not a regular file");
}

/* Traces made by hand */

struct forge {
    struct buffer file;
    uint32_t sequence;
    uint64_t next[4]; /* event, by stream */
};

static void forge_frame(struct forge *forge, struct frame frame, const struct buffer *payload)
{
    frame.sequence = forge->sequence++;
    frame.raw_length = (uint32_t)payload->size;
    CLEANUP(free) uint8_t *room = malloc(FRAME_HEADER_BYTES + FRAME_RAW_MAX);
    buffer_put(&forge->file, room, frame_pack(&frame, payload->data, room));
}

static void forge_header(struct forge *forge, uint32_t version, uint32_t minimum_reader, bool more)
{
    struct buffer payload = {0};
    struct trace_header header = fixture_header();
    trace_header_encode(&header, &payload);
    payload.data[0] = (uint8_t)version;
    payload.data[4] = (uint8_t)minimum_reader;
    if (more)
        buffer_put_u64(&payload, 1);
    forge_frame(forge, (struct frame){.kind = FRAME_HEADER}, &payload);
    buffer_deinit(&payload);
}

static void forge_events(struct forge *forge, uint32_t stream, uint32_t events, const void *records,
                         size_t size)
{
    struct buffer payload = {0};
    buffer_put(&payload, records, size);
    struct frame frame = {.kind = FRAME_EVENTS, .stream = stream, .events = events};
    frame.first_event = forge->next[stream];
    forge->next[stream] += events;
    forge_frame(forge, frame, &payload);
    buffer_deinit(&payload);
}

static struct error *forged(struct forge *forge)
{
    struct trace_check check;
    mkdir(directory, 0700);
    fixture_write(file, forge->file.data, forge->file.size);
    buffer_deinit(&forge->file);
    *forge = (struct forge){0};
    return read_all(&check);
}

#define FORGE_EVENTS(forge, stream, events, ...)                                                   \
    forge_events(forge, stream, events, (const uint8_t[]){__VA_ARGS__},                            \
                 sizeof((const uint8_t[]){__VA_ARGS__}))

/* An origin (tid 1, at `tick`) and a START of no registers. */
#define ORIGIN(tick) 65, 1, tick, 9, 8, 0, 0
#define START(tick) ORIGIN(tick), 129, 1, tick, 0

static void versions(void **state)
{
    struct forge forge = {0};
    forge_header(&forge, 7, 6, false);
    must_fail(forged(&forge), "needs a reader of version 6");
    forge_header(&forge, 7, 2, true);
    must(forged(&forge));
    forge_header(&forge, 3, 2, true);
    must_fail(forged(&forge), "header");
    forge_header(&forge, 3, 3, false);
    must(forged(&forge));
    forge_header(&forge, 1, 1, false);
    must_fail(forged(&forge), "too old");
    forge_header(&forge, 0, 0, false);
    must_fail(forged(&forge), "impossible format version");
}

static void unknown_kinds_are_refused_by_number(void **state)
{
    struct forge forge = {0};
    struct buffer payload = {0};
    buffer_put_u8(&payload, 1);
    forge_header(&forge, 2, 2, false);
    forge_frame(&forge, (struct frame){.kind = 77}, &payload);
    must_fail(forged(&forge), "unknown frame kind 77");
    forge_header(&forge, 2, 2, false);
    forge_frame(&forge, (struct frame){.kind = FRAME_EVENTS, .stream = 1, .flags = 4}, &payload);
    must_fail(forged(&forge), "unknown frame flags");
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, ORIGIN(1), 63);
    must_fail(forged(&forge), "record at byte 7 of the unpacked frame: unknown kind 63");
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 2, START(1), 200, 1, 1, 0);
    must_fail(forged(&forge), "unknown event kind 72");
    buffer_deinit(&payload);
}

struct bad_records {
    const char *message; /* NULL: must be good */
    uint32_t events;
    size_t size;
    uint8_t records[64];
};

#define RECORDS(...)                                                                               \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct bad_records cases[] = {
    {NULL, 1, RECORDS(START(1))},
    {NULL, 2, RECORDS(START(1), 6 + 128, 1, 1, 1, 0, 0)},
    {"fewer events", 2, RECORDS(START(1))},
    {"more events", 1, RECORDS(START(1), 6 + 128, 1, 1, 1, 0, 0)},
    {"its fields", 2, RECORDS(START(1), 6 + 128, 1, 0, 1, 0, 0)},        /* tick stays */
    {"it alone, must be a start", 2, RECORDS(START(1), 129, 1, 1, 0)},   /* second START */
    {"does not begin with its origin", 1, RECORDS(129, 1, 1, 0)},        /* no origin */
    {"a start without its origin", 1, RECORDS(ORIGIN(1), 129, 1, 2, 0)}, /* other tick */
    {"first record", 1, RECORDS(ORIGIN(1), ORIGIN(1), 129, 1, 1, 0)},    /* two origins */
    {"its fields", 1, RECORDS(ORIGIN(1), 3, 1, 0xff)},                   /* cut UNMAP */
    {"its fields", 1, RECORDS(ORIGIN(1), 1, 0, 5, 1, 2)},                /* cut MEMORY */
    {"belongs to none", 1, RECORDS(ORIGIN(1), 3, 0, 0, 64, 1, 1, 129, 1, 1, 0)},
    {"follow no origin", 1, RECORDS(ORIGIN(1), 3, 0, 0, 66, 1, 0, 129, 1, 1, 0)},
    {"has no end", 1, RECORDS(ORIGIN(1), 66, 1, 'a', 129, 1, 1, 0)},  /* argument */
    {"its fields", 1, RECORDS(ORIGIN(1), 10, 0, 0, 3, 129, 1, 1, 0)}, /* OUTPUT to 3 */
    {"its fields", 1, RECORDS(ORIGIN(1), 2, 0, 0, 0, 8, 0, 0, 0, 0, 129, 1, 1, 0)}, /* MAP flags */
    {"its fields", 1, RECORDS(ORIGIN(1), 2, 0, 0, 0, 0, 2, 0, 0, 0, 129, 1, 1, 0)}, /* MAP name */
    {"its fields", 1, RECORDS(ORIGIN(1), 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 129, 1, 1, 0)}, /* NUL */
    {"its fields", 2, RECORDS(START(1), 6 + 128, 1, 1, 6, 0, 0)}, /* no such instruction */
    {NULL, 1, RECORDS(ORIGIN(1), 16, 0, 2, 15, 17, 129, 1, 1, 0)},
    {NULL, 1, RECORDS(ORIGIN(1), 19, 9, 9, 18, 1, 5, 9, 129, 1, 1, 0)},
    {"its fields", 1, RECORDS(ORIGIN(1), 18, 1, 5)},           /* cut SITE */
    {"its fields", 2, RECORDS(START(1), 138, 1, 1, 0, 0)},     /* no calls */
    {"its fields", 2, RECORDS(START(1), 138, 1, 1, 1, 1, 80)}, /* cut calls */
    {"in the middle", 2, RECORDS(START(1), 3, 0, 0, 138, 1, 1, 1, 1, 80)},
    {"its fields", 1, RECORDS(ORIGIN(1), 15, 0, 4, 7, 129, 1, 1, 0)}, /* WORD of 4 bytes */
    {NULL, 1, RECORDS(ORIGIN(1), 12, 1, 0, 13, 0, 129, 1, 1, 0)},
    {"its fields", 1, RECORDS(ORIGIN(1), 12, 0, 0, 129, 1, 1, 0)}, /* RESIZE of object 0 */
    {"its fields", 1, RECORDS(ORIGIN(1), 129, 1, 1, 0x80, 0x80, 0x80, 0x80, 1)}, /* 28 bits */
    {"its fields", 2, RECORDS(START(1), 136, 1, 1, 0, 2)},                       /* EXIT flags */
    {"its fields", 2, RECORDS(START(1), 133, 1, 1, 9, 12, 0, 0)}, /* SIGNAL reach 3 */
    {"its fields", 1, RECORDS(65, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 9, 8, 0, 0, 129, 1, 1, 0)},
    {"its fields", 1, /* past 2^64 */
     RECORDS(ORIGIN(1), 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1, 129, 1, 1, 0)},
};

static void bad_records_are_refused(void **state)
{
    struct forge forge = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        forge_header(&forge, 2, 2, false);
        forge_events(&forge, 1, cases[i].events, cases[i].records, cases[i].size);
        struct error *error = forged(&forge);
        if (!error != !cases[i].message ||
            (error && !strstr(error_message(error), cases[i].message)))
            fail_msg("case %zu: %s", i, error ? error_message(error) : "no error");
        error_free(error);
    }
}

static void bad_streams_are_refused(void **state)
{
    struct forge forge = {0};
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 2, 1, START(1));
    must_fail(forged(&forge), "a frame of stream 2 where there are 0");
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, START(1));
    forge.next[1] = 5;
    FORGE_EVENTS(&forge, 1, 1, 6 + 128, 1, 2, 0, 0);
    must_fail(forged(&forge), "begins with event 5 instead of 1");
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, START(3));
    FORGE_EVENTS(&forge, 1, 1, 6 + 128, 1, 3, 0, 0);
    must_fail(forged(&forge), "its fields"); /* a tick that stays, over frames */
    forge_header(&forge, 2, 2, false);
    forge.sequence = 7;
    FORGE_EVENTS(&forge, 1, 1, START(1));
    must_fail(forged(&forge), "out of order");
    FORGE_EVENTS(&forge, 1, 1, START(1));
    must_fail(forged(&forge), "out of order"); /* no header */
}

static void bad_references_are_refused(void **state)
{
    struct forge forge = {0};
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, START(1));
    FORGE_EVENTS(&forge, 2, 1, 65, 1, 2, 9, 8, 1, 3, 0, 0, 129, 1, 2, 0);
    must_fail(forged(&forge), "stream 2 claims to be a copy of stream 3");
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, START(1));
    FORGE_EVENTS(&forge, 2, 1, 65, 1, 2, 9, 8, 1, 1, 0, 0, 129, 1, 2, 0);
    must_fail(forged(&forge), "event 0 of stream 1 does not begin stream 2");
    forge_header(&forge, 2, 2, false); /* FORK to itself */
    FORGE_EVENTS(&forge, 1, 1, ORIGIN(1), 9, 1, 129, 1, 1, 0);
    must_fail(forged(&forge), "is not its copy");
    forge_header(&forge, 2, 2, false); /* FORK to a stream that says otherwise */
    FORGE_EVENTS(&forge, 1, 1, ORIGIN(1), 9, 2, 129, 1, 1, 0);
    FORGE_EVENTS(&forge, 2, 1, START(2));
    must_fail(forged(&forge), "is not its copy");
    forge_header(&forge, 2, 2, false); /* FORK to one that did not reach the file */
    FORGE_EVENTS(&forge, 1, 1, ORIGIN(1), 9, 2, 129, 1, 1, 0);
    must(forged(&forge));
    struct buffer end = {0};
    trace_end_encode(&(struct trace_end){.events = 1}, &end);
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, ORIGIN(1), 9, 2, 129, 1, 1, 0);
    forge_frame(&forge, (struct frame){.kind = FRAME_END}, &end);
    must_fail(forged(&forge), "is not its copy");
    buffer_deinit(&end);
}

/* Frames of a huge MEMORY effect that never ends: read in little memory, and not an event. */
static void contents_have_a_bound(void **state)
{
    struct forge forge = {0};
    struct trace_check check;
    struct buffer more = {0};
    for (int i = 0; i < 3; i++) {
        buffer_put_u8(&more, 64);
        buffer_put_varint(&more, 65536);
        memset(buffer_extend(&more, 65536), 0, 65536);
    }
    forge_header(&forge, 2, 2, false);
    FORGE_EVENTS(&forge, 1, 1, START(1));
    FORGE_EVENTS(&forge, 1, 0, 1, 0, 0);
    struct frame frame = {.kind = FRAME_EVENTS, .flags = FRAME_CONTINUES, .stream = 1};
    frame.first_event = 1;
    for (int i = 0; i < 200; i++)
        forge_frame(&forge, frame, &more);
    must(forged(&forge));
    must(read_all(&check));
    assert_true(check.events == 1);
    buffer_deinit(&more);
}

static void a_cut_event_does_not_exist(void **state)
{
    CLEANUP(free) uint8_t *bytes = malloc(1 << 20);
    size_t size, ends[64];
    struct trace_writer *writer;
    struct trace_header header = fixture_header();
    struct stream_origin origin = fixture_origin();
    for (size_t i = 0; i < 1 << 20; i++)
        bytes[i] = (uint8_t)(i * i >> 5);
    struct effect effect = {.kind = EFFECT_MEMORY, .length = 1 << 20, .bytes = bytes};
    must(trace_writer_create(directory, &header, &writer));
    struct event start = fixture_start(&origin, 1);
    struct event large = {.kind = EVENT_INSTRUCTION,
                          .instruction = INSTRUCTION_RDTSC,
                          .tid = 1,
                          .effects = &effect,
                          .effect_count = 1};
    struct event second = fixture_start(&origin, 1);
    second.effects = &effect;
    second.effect_count = 1;
    trace_writer_event(writer, 1, &start);
    trace_writer_event(writer, 1, &large);
    trace_writer_event(writer, 2, &second);
    must(trace_writer_finish(writer, NULL));
    CLEANUP(free) uint8_t *whole = fixture_read(file, &size);
    size_t count = frame_ends(whole, size, ends);
    for (size_t i = 1; i <= count; i++) {
        struct trace_check check;
        fixture_write(file, whole, ends[i - 1]);
        must(read_all(&check));
        assert_true(check.frames == i);
        assert_true(check.events <= 3);
        if (i < count)
            assert_true(check.events < 3);
        /* Damage is found also in frames of what does not exist. */
        whole[ends[i - 1] - 1] ^= 1;
        fixture_write(file, whole, ends[i - 1]);
        must_fail(read_all(&check), "checksum");
        whole[ends[i - 1] - 1] ^= 1;
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_flipped_bit_is_found),
        TEST(every_cut_reads_to_the_last_whole_frame),
        TEST(flips_in_a_cut_trace_are_found),
        TEST(what_is_no_trace_is_said),
        TEST(versions),
        TEST(unknown_kinds_are_refused_by_number),
        TEST(bad_records_are_refused),
        TEST(bad_streams_are_refused),
        TEST(bad_references_are_refused),
        TEST(contents_have_a_bound),
        TEST(a_cut_event_does_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
