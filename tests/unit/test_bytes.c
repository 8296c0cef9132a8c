/* Byte buffers and bounded cursors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/bytes.h"

static void numbers_round_trip(void **state)
{
    static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    struct buffer buffer = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        buffer_put_varint(&buffer, values[i]);
        buffer_put_u64(&buffer, values[i]);
        buffer_put_u32(&buffer, (uint32_t)values[i]);
    }
    struct cursor cursor = cursor_of(buffer.data, buffer.size);
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        assert_true(cursor_varint(&cursor) == values[i]);
        assert_true(cursor_u64(&cursor) == values[i]);
        assert_true(cursor_u32(&cursor) == (uint32_t)values[i]);
    }
    assert_false(cursor.failed);
    assert_int_equal(cursor_left(&cursor), 0);
    buffer_deinit(&buffer);
}

static void cursor_never_leaves_its_bytes(void **state)
{
    static const uint8_t bytes[] = {0x05, 'a', 'b'};
    struct cursor cursor = cursor_of(bytes, sizeof(bytes));
    assert_null(cursor_string(&cursor));
    assert_true(cursor.failed);
    cursor = cursor_of(bytes, sizeof(bytes));
    assert_true(cursor_u64(&cursor) == 0);
    assert_true(cursor.failed);
    assert_null(cursor_bytes(&cursor, 1));
}

static void overlong_varint_fails(void **state)
{
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    struct cursor cursor = cursor_of(bytes, sizeof(bytes));
    cursor_varint(&cursor);
    assert_true(cursor.failed);
}

static void strings_round_trip(void **state)
{
    struct buffer buffer = {0};
    buffer_put_string(&buffer, "hello");
    buffer_put_string(&buffer, NULL);
    struct cursor cursor = cursor_of(buffer.data, buffer.size);
    char *first = cursor_string(&cursor);
    char *second = cursor_string(&cursor);
    assert_string_equal(first, "hello");
    assert_string_equal(second, "");
    free(first);
    free(second);
    buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_round_trip),
        cmocka_unit_test(cursor_never_leaves_its_bytes),
        cmocka_unit_test(overlong_varint_fails),
        cmocka_unit_test(strings_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
