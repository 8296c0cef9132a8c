/* Calls that were recorded without a stop: entries in, events out, from any number; and what is no
 * entry. */
#include "tests/unit/trace_fixture.h"

#include <errno.h>

#include "commands/event_json.h"
#include "commands/event_text.h"
#include "engine/base/bytes.h"
#include "engine/base/call_entry.h"
#include "trace-format/call_record.h"
#include "trace-format/frame.h"
#include "trace-format/header_code.h"
#include "trace-format/record_kinds.h"

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

/* Bytes of the outputs of call `i`: some are none, some large. */
static size_t output_bytes(size_t i, unsigned output)
{
    if (i % 97 == 5)
        return 50000 + output;
    return i % 7 ? 1 + (i + output) % 40 : 0;
}

static unsigned outputs_of(size_t i)
{
    return output_bytes(i, 0) ? 1 + i % 2 : 0;
}

static struct call_entry entry_of(size_t i)
{
    struct call_entry entry = {.number = (uint16_t)(i % 300),
                               .outputs = (uint8_t)outputs_of(i),
                               .printed = i % 11 == 3 ? 1 + i % 2 : 0,
                               .rip = 0x401000 + i,
                               .rsp = 0x7ffc0000 - i,
                               .result = (int64_t)(i % 13)};
    if (!entry.printed && i % 3 == 0)
        entry.result = -EINTR;
    for (size_t j = 0; j < 6; j++)
        entry.argument[j] = 1000 * i + j;
    return entry;
}

static void put_entry(struct buffer *buffer, size_t i)
{
    struct call_entry entry = entry_of(i);
    size_t start = buffer->size;
    buffer_put(buffer, &entry, sizeof(entry));
    for (unsigned j = 0; j < entry.outputs; j++) {
        size_t bytes = output_bytes(i, j);
        struct call_output output = {.address = 0x10000 * i + j, .bytes = bytes};
        buffer_put(buffer, &output, sizeof(output));
        memset(buffer_extend(buffer, (bytes + 7) & ~7ul), (int)(i + j), (bytes + 7) & ~7ul);
    }
    entry.bytes = (uint32_t)(buffer->size - start);
    memcpy(buffer->data + start, &entry, sizeof(entry));
}

static void expect_registers(const struct event *event, const struct call_entry *entry)
{
    static const enum trace_reg arguments[] = {TRACE_RDI, TRACE_RSI, TRACE_RDX,
                                               TRACE_R10, TRACE_R8,  TRACE_R9};
    for (size_t j = 0; j < 6; j++) {
        assert_true(event_has_register(event, arguments[j], false));
        assert_true(event->before.value[arguments[j]] == entry->argument[j]);
        assert_true(event->after.value[arguments[j]] == entry->argument[j]);
    }
    assert_true(event->before.value[TRACE_RIP] == entry->rip);
    assert_true(event->before.value[TRACE_RCX] == entry->rip);
    assert_true(event->before.value[TRACE_RSP] == entry->rsp);
    assert_true(event->before.value[TRACE_ORIG_RAX] == entry->number);
    assert_true((int64_t)event->before.value[TRACE_RAX] == -ENOSYS);
    assert_true((int64_t)event->after.value[TRACE_RAX] == entry->result);
    assert_false(event_has_register(event, TRACE_RBX, false));
    assert_false(event_has_register(event, TRACE_R11, true));
}

/* Event `number` is the call `i`. */
static void expect_call(struct event_cursor *cursor, uint64_t number, uint32_t tid, size_t i)
{
    const struct event *event;
    struct call_entry entry = entry_of(i);
    must(event_cursor_next(cursor, &event));
    assert_non_null(event);
    assert_int_equal(event->kind, EVENT_CALL_FAST);
    assert_int_equal(event->reach, REACH_CALL);
    assert_true(event->number == number && event->tick == number + 1 && event->tid == tid);
    expect_registers(event, &entry);
    const struct effect *effect = event->effects;
    if (entry.printed) {
        assert_true(effect->kind == EFFECT_OUTPUT && effect->output.descriptor == entry.printed);
        assert_true(effect->address.value == entry.argument[1]);
        assert_true(effect->length == (uint64_t)entry.result);
        effect++;
    }
    for (unsigned j = 0; j < entry.outputs; j++, effect++) {
        assert_true(effect->kind == EFFECT_MEMORY && effect->address.value == 0x10000 * i + j);
        assert_true(effect->length == output_bytes(i, j));
        assert_true(effect->bytes[0] == (uint8_t)(i + j));
        assert_true(effect->bytes[effect->length - 1] == (uint8_t)(i + j));
    }
    assert_true(event->effect_count == (size_t)(effect - event->effects));
    assert_true(call_entry_at(event->entry).rip == entry.rip);
    assert_true(event->entries_size >= call_entry_at(event->entry).bytes);
    assert_true(call_entries_check(event->entry, event->entries_size).size == event->entries_size);
}

#define CALLS 3000

/* START; batches of growing size, of two tasks in turn, with a rdtsc behind each. Fills in which
 * call each event is, counted from 1; 0 for another event. */
static size_t write_batches(size_t *calls, uint32_t *tids)
{
    struct trace_header header = fixture_header();
    struct stream_origin origin = fixture_origin();
    struct trace_writer *writer;
    must(trace_writer_create(directory, &header, &writer));
    struct event start = fixture_start(&origin, 1);
    trace_writer_event(writer, 1, &start);
    size_t events = 1;
    calls[0] = 0;
    for (size_t i = 0, batch = 1; i < CALLS; batch = 2 * batch % 1001) {
        struct buffer entries = {0};
        uint32_t tid = 1 + batch % 2;
        for (size_t j = 0; j < batch && i < CALLS; j++, i++) {
            put_entry(&entries, i);
            tids[events] = tid;
            calls[events++] = i + 1;
        }
        trace_writer_calls(writer, 1, tid, entries.data, entries.size);
        buffer_deinit(&entries);
        struct event rdtsc = {.kind = EVENT_INSTRUCTION, .instruction = INSTRUCTION_RDTSC};
        rdtsc.tid = 1;
        rdtsc.before = fixture_regs(i);
        trace_writer_event(writer, 1, &rdtsc);
        assert_true(rdtsc.number == events && rdtsc.tick == events + 1);
        calls[events++] = 0;
    }
    struct trace_end end = {0};
    must(trace_writer_finish(writer, &end));
    return events;
}

static void batches_are_events(void **state)
{
    static size_t calls[2 * CALLS];
    static uint32_t tids[2 * CALLS];
    size_t events = write_batches(calls, tids);
    struct trace_reader *reader;
    struct trace_check check;
    struct event_cursor *forward, *jumping;
    const struct event *event;
    must(trace_reader_open(directory, &reader));
    must(trace_reader_verify(reader, &check));
    assert_true(check.events == events && check.frames > 4);
    must(event_cursor_create(reader, 1, &forward));
    must(event_cursor_create(reader, 1, &jumping));
    for (size_t i = 0; i < events; i++) {
        size_t other = i % 3 ? (i + 1 + i % 5) % events : i * 67 % events;
        if (calls[i])
            expect_call(forward, i, tids[i], calls[i] - 1);
        else
            must(event_cursor_next(forward, &event));
        must(event_cursor_seek(jumping, other));
        if (calls[other])
            expect_call(jumping, other, tids[other], calls[other] - 1);
    }
    must(event_cursor_next(forward, &event));
    assert_null(event);
    event_cursor_destroy(forward);
    event_cursor_destroy(jumping);
    trace_reader_close(reader);
}

static void calls_need_a_stream(void **state)
{
    struct trace_header header = fixture_header();
    struct trace_writer *writer;
    struct buffer entries = {0};
    put_entry(&entries, 1);
    must(trace_writer_create(directory, &header, &writer));
    trace_writer_calls(writer, 1, 1, entries.data, entries.size);
    assert_true(trace_writer_failed(writer));
    must_fail(trace_writer_finish(writer, NULL), "calls for stream 1");
    buffer_deinit(&entries);
}

/* What differs from a good record, and how it is refused. */
struct bad_calls {
    const char *message;
    uint64_t step, count;
    uint32_t events; /* in the frame, START included */
    size_t poked;    /* byte of the entries, and what it is now */
    uint8_t byte;
};

static const struct bad_calls cases[] = {
    {NULL, 1, 2, 3, 0, 104},
    {"its fields", 0, 2, 3, 0, 104},
    {"do not rise", UINT64_MAX, 2, 3, 0, 104},
    {"do not rise", UINT64_MAX - 1, 2, 3, 0, 104}, /* of the second */
    {"its fields", 1, 1, 2, 0, 104},
    {"its fields", 1, 3, 4, 0, 104},
    {"more events", 1, 2, 2, 0, 104},
    {"fewer events", 1, 2, 4, 0, 104},
    {"its fields", 1, 2, 3, 0, 105},
    {"its fields", 1, 2, 3, 0, 96},
    {"its fields", 1, 2, 3, 2, 2},     /* 128 KiB and more */
    {"its fields", 1, 2, 3, 6, 2},     /* more outputs than there are */
    {"its fields", 1, 2, 3, 6, 0},     /* fewer */
    {"its fields", 1, 2, 3, 7, 3},     /* printed where? */
    {"its fields", 1, 2, 3, 88, 0},    /* an output of nothing */
    {"its fields", 1, 2, 3, 88, 9},    /* one that is longer than the entry */
    {"its fields", 1, 2, 3, 95, 0x80}, /* … by far */
};

static void put_records(struct buffer *payload, const struct bad_calls *bad)
{
    static const uint8_t start[] = {65, 1, 1, 9, 8, 0, 0, 129, 1, 1, 0};
    const struct call_entry entry = {.bytes = 104, .outputs = 1};
    struct call_output output = {.address = 1, .bytes = 8};
    buffer_put(payload, start, sizeof(start));
    buffer_put_u8(payload, RECORD_EVENT + EVENT_CALL_FAST);
    buffer_put_varint(payload, 1);
    buffer_put_varint(payload, bad->step);
    buffer_put_varint(payload, bad->count);
    buffer_put_varint(payload, 2 * 104);
    size_t at = payload->size;
    for (int i = 0; i < 2; i++) {
        buffer_put(payload, &entry, sizeof(entry));
        buffer_put(payload, &output, sizeof(output));
        buffer_put_u64(payload, 7);
    }
    payload->data[at + bad->poked] = bad->byte;
}

static void put_frame(struct buffer *to, struct frame frame, const struct buffer *payload)
{
    CLEANUP(free) uint8_t *room = malloc(FRAME_HEADER_BYTES + FRAME_RAW_MAX);
    frame.raw_length = (uint32_t)payload->size;
    buffer_put(to, room, frame_pack(&frame, payload->data, room));
}

static struct error *read_bad(const struct bad_calls *bad)
{
    struct buffer bytes = {0}, payload = {0};
    struct trace_header header = fixture_header();
    struct trace_reader *reader;
    struct trace_check check;
    trace_header_encode(&header, &payload);
    put_frame(&bytes, (struct frame){.kind = FRAME_HEADER}, &payload);
    buffer_clear(&payload);
    put_records(&payload, bad);
    put_frame(
        &bytes,
        (struct frame){.kind = FRAME_EVENTS, .sequence = 1, .stream = 1, .events = bad->events},
        &payload);
    mkdir(directory, 0700);
    fixture_write(file, bytes.data, bytes.size);
    buffer_deinit(&bytes);
    buffer_deinit(&payload);
    struct error *error = trace_reader_open(directory, &reader);
    if (error)
        return error;
    error = trace_reader_verify(reader, &check);
    trace_reader_close(reader);
    return error;
}

static void bad_calls_are_refused(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error *error = read_bad(&cases[i]);
        if (!error != !cases[i].message ||
            (error && !strstr(error_message(error), cases[i].message)))
            fail_msg("case %zu: %s", i, error ? error_message(error) : "no error");
        error_free(error);
    }
}

static void entries_are_checked(void **state)
{
    struct buffer entries = {0};
    for (size_t i = 0; i < 20; i++)
        put_entry(&entries, i);
    struct call_entries all = call_entries_check(entries.data, entries.size);
    assert_true(all.count == 20 && all.size == entries.size);
    for (size_t size = 0; size < entries.size; size++) {
        struct call_entries cut = call_entries_check(entries.data, size);
        assert_true(cut.count < 20 && cut.size <= size);
    }
    buffer_clear(&entries);
    struct call_entry entry = {.bytes = 80, .printed = 1, .result = -1};
    assert_true(call_entries_check((uint8_t *)&entry, 80).count == 0);
    entry.result = 2;
    assert_true(call_entries_check((uint8_t *)&entry, 80).count == 1);
    entry.argument[1] = UINT64_MAX - 1;
    assert_true(call_entries_check((uint8_t *)&entry, 80).count == 0);
    buffer_deinit(&entries);
}

/* As `reel dump` prints it, and the registers that are known as JSON. */
static void a_call_as_text(void **state)
{
    const struct call_entry entry = {
        .bytes = sizeof(entry), .number = 110, .rip = 0x401234, .result = 77};
    const struct call_record record = {
        .tid = 5, .count = 1, .entries = (const uint8_t *)&entry, .size = sizeof(entry)};
    struct effect effects[CALL_EFFECTS_MAX];
    struct event event = {0};
    struct buffer text = {0};
    assert_int_equal(call_record_event(&record, &event, effects), 0);
    event_text(&text, &event);
    buffer_put_u8(&text, 0);
    assert_string_equal((char *)text.data, "call-fast getppid() = 77");
    buffer_deinit(&text);
    json_t *object = event_json(1, &event), *registers = registers_json(&event, false);
    assert_int_equal(json_integer_value(json_object_get(object, "result")), 77);
    assert_string_equal(json_string_value(json_object_get(object, "call")), "getppid");
    assert_string_equal(json_string_value(json_object_get(registers, "rip")), "0x401234");
    assert_null(json_object_get(registers, "rbx"));
    json_decref(object);
    json_decref(registers);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(batches_are_events),         TEST(calls_need_a_stream),
        TEST(bad_calls_are_refused),      cmocka_unit_test(entries_are_checked),
        cmocka_unit_test(a_call_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
