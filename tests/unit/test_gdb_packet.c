/* Framing, the parser, and the bounded scans of the remote protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/gdb/gdb_packet.h"

static enum gdb_input feed(struct gdb_parser *parser, const char *bytes, size_t size)
{
    enum gdb_input input = GDB_INPUT_NOTHING;
    for (size_t i = 0; i < size; i++)
        input = gdb_parser_feed(parser, (uint8_t)bytes[i]);
    return input;
}

static void packet_is_framed_and_parsed(void **state)
{
    struct buffer frame = {0};
    struct gdb_parser parser = {0};
    gdb_packet_frame(&frame, "OK", 2);
    assert_int_equal(frame.size, 6);
    assert_memory_equal(frame.data, "$OK#9a", 6);
    assert_int_equal(feed(&parser, (char *)frame.data, frame.size), GDB_INPUT_PACKET);
    assert_int_equal(parser.payload.size, 2);
    assert_int_equal(feed(&parser, "$#00", 4), GDB_INPUT_PACKET);
    assert_int_equal(parser.payload.size, 0);
    buffer_deinit(&frame);
    gdb_parser_deinit(&parser);
}

static void bytes_between_packets(void **state)
{
    struct gdb_parser parser = {0};
    assert_int_equal(feed(&parser, "+", 1), GDB_INPUT_ACK);
    assert_int_equal(feed(&parser, "-", 1), GDB_INPUT_NAK);
    assert_int_equal(feed(&parser, "\x03", 1), GDB_INPUT_INTERRUPT);
    assert_int_equal(feed(&parser, "noise#00", 8), GDB_INPUT_NOTHING);
    assert_int_equal(feed(&parser, "$a\x03#64", 6), GDB_INPUT_PACKET); /* within: data */
    gdb_parser_deinit(&parser);
}

static void wrong_sums_are_bad(void **state)
{
    struct gdb_parser parser = {0};
    assert_int_equal(feed(&parser, "$OK#9b", 6), GDB_INPUT_BAD);
    assert_int_equal(feed(&parser, "$OK#zz", 6), GDB_INPUT_BAD);
    assert_int_equal(feed(&parser, "$OK#9A", 6), GDB_INPUT_PACKET);
    gdb_parser_deinit(&parser);
}

static void overlong_packet_is_bad(void **state)
{
    struct gdb_parser parser = {0};
    uint8_t sum = 0;
    gdb_parser_feed(&parser, '$');
    for (size_t i = 0; i <= GDB_PACKET_BYTES; i++, sum += 'a')
        assert_int_equal(gdb_parser_feed(&parser, 'a'), GDB_INPUT_NOTHING);
    char end[4];
    snprintf(end, sizeof(end), "#%02x", sum);
    assert_int_equal(feed(&parser, end, 3), GDB_INPUT_BAD);
    assert_true(parser.payload.size <= GDB_PACKET_BYTES);
    gdb_parser_deinit(&parser);
}

static void binary_is_escaped(void **state)
{
    struct buffer out = {0};
    gdb_put_escaped(&out, "a#$}*b", 6);
    assert_int_equal(out.size, 10);
    assert_memory_equal(out.data, "a}\x03}\x04}]}\nb", 10);
    buffer_deinit(&out);
}

static struct gdb_scan scan_of(const char *text)
{
    return gdb_scan_of(text, strlen(text));
}

static void numbers_are_bounded(void **state)
{
    struct gdb_scan scan = scan_of("ffffffffffffffff,12");
    assert_true(gdb_scan_hex(&scan) == UINT64_MAX);
    gdb_scan_expect(&scan, ',');
    assert_int_equal(gdb_scan_decimal(&scan), 12);
    assert_true(gdb_scan_done(&scan) && !scan.failed);
    scan = scan_of("10000000000000000");
    assert_int_equal(gdb_scan_hex(&scan), 0);
    assert_true(scan.failed);
    scan = scan_of("18446744073709551616");
    gdb_scan_decimal(&scan);
    assert_true(scan.failed);
    scan = scan_of("");
    gdb_scan_hex(&scan);
    assert_true(scan.failed);
}

static void failed_scan_stays_failed(void **state)
{
    struct gdb_scan scan = scan_of("x1");
    gdb_scan_hex(&scan);
    assert_int_equal(gdb_scan_hex(&scan), 0);
    assert_false(gdb_scan_skip(&scan, "x"));
    struct gdb_scan field = gdb_scan_until(&scan, ',');
    assert_true(gdb_scan_done(&field));
}

static void thread_ids(void **state)
{
    static const struct {
        const char *text;
        uint32_t pid, tid;
        bool failed;
    } cases[] = {
        {"p10.1f", 0x10, 0x1f, false},
        {"1f", 0, 0x1f, false},
        {"0", 0, 0, false},
        {"-1", 0, GDB_ALL_THREADS, false},
        {"p-1.-1", 0, GDB_ALL_THREADS, false},
        {"p0.0", 0, 0, false},
        {"p10", 0x10, GDB_ALL_THREADS, false},
        {"p10.-1", 0x10, GDB_ALL_THREADS, false},
        {"pz", 0, 0, true},
        {"100000000", 0, 0, true},
        {"ffffffff", 0, 0, true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct gdb_scan scan = scan_of(cases[i].text);
        struct gdb_thread_id id = gdb_scan_thread(&scan);
        assert_int_equal(scan.failed, cases[i].failed);
        if (cases[i].failed)
            continue;
        assert_int_equal(id.tid, cases[i].tid);
        assert_int_equal(id.pid, cases[i].pid);
    }
}

static void hex_bytes(void **state)
{
    struct buffer out = {0};
    struct gdb_scan scan = scan_of("4f4b");
    gdb_scan_hex_bytes(&scan, &out);
    assert_false(scan.failed);
    assert_string_equal((char *)out.data, "OK");
    assert_int_equal(out.size, 2);
    buffer_clear(&out);
    scan = scan_of("4f4");
    gdb_scan_hex_bytes(&scan, &out);
    assert_true(scan.failed);
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packet_is_framed_and_parsed),
        cmocka_unit_test(bytes_between_packets),
        cmocka_unit_test(wrong_sums_are_bad),
        cmocka_unit_test(overlong_packet_is_bad),
        cmocka_unit_test(binary_is_escaped),
        cmocka_unit_test(numbers_are_bounded),
        cmocka_unit_test(failed_scan_stays_failed),
        cmocka_unit_test(thread_ids),
        cmocka_unit_test(hex_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
