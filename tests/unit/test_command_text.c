/* Strings from strangers on a terminal and in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "commands/json_text.h"
#include "commands/terminal_text.h"
#include "commands/utf8.h"

static void assert_shown(const char *string, const char *shown)
{
    struct buffer buffer = {0};
    terminal_text(&buffer, string, strlen(string));
    buffer_put_u8(&buffer, 0);
    assert_string_equal((const char *)buffer.data, shown);
    buffer_deinit(&buffer);
}

static void printable_text_is_shown_as_it_is(void **state)
{
    assert_shown("ls -l /tmp", "ls -l /tmp");
    assert_shown("größe 文件 🎞", "größe 文件 🎞");
    assert_shown("", "");
}

static void controls_are_escaped(void **state)
{
    assert_shown("a\033]0;title\007b", "a\\x1b]0;title\\x07b");
    assert_shown("one\ntwo\tthree\r", "one\\ntwo\\tthree\\r");
    assert_shown("\x7f", "\\x7f");
    assert_shown("\xc2\x9b"
                 "31m",
                 "\\xc2\\x9b31m"); /* U+009B is a CSI of one character */
    assert_shown("back\\slash", "back\\\\slash");
}

static void text_cannot_turn_or_break_the_line(void **state)
{
    assert_shown("a\xe2\x80\xae"
                 "b",
                 "a\\xe2\\x80\\xaeb"); /* U+202E, right to left */
    assert_shown("a\xe2\x80\xa8"
                 "b",
                 "a\\xe2\\x80\\xa8"
                 "b");
}

static void broken_utf8_is_escaped_byte_by_byte(void **state)
{
    assert_shown("\xff", "\\xff");
    assert_shown("a\xc3", "a\\xc3");
    assert_shown("\xc0\xaf", "\\xc0\\xaf");          /* overlong */
    assert_shown("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
    assert_shown("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

static void characters_have_their_codes(void **state)
{
    uint32_t code = 0;
    assert_int_equal(utf8_character("\xf0\x9f\x8e\x9e", 4, &code), 4);
    assert_int_equal(code, 0x1f39e);
    assert_int_equal(utf8_character("\xf0\x9f\x8e\x9e", 3, &code), 0);
    assert_int_equal(utf8_character("", 0, &code), 0);
}

static void assert_json(json_t *value, const char *dumped)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    assert_string_equal(text, dumped);
    free(text);
    json_decref(value);
}

static void json_is_valid_for_any_bytes(void **state)
{
    assert_json(json_text("a\"b\\c\n"), "\"a\\\"b\\\\c\\n\"");
    assert_json(json_text("x\xffy\xc3"), "\"x\xef\xbf\xbdy\xef\xbf\xbd\"");
    assert_json(json_text(""), "\"\"");
    assert_json(json_text(NULL), "null");
}

static void large_numbers_keep_their_digits(void **state)
{
    static const char *const words[] = {"ls", "-l", NULL};
    assert_json(json_hex(UINT64_MAX), "\"0xffffffffffffffff\"");
    assert_json(json_hex(0), "\"0x0\"");
    assert_json(json_count(UINT64_MAX), "9223372036854775807");
    assert_json(json_words(words), "[\"ls\",\"-l\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable_text_is_shown_as_it_is),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(text_cannot_turn_or_break_the_line),
        cmocka_unit_test(broken_utf8_is_escaped_byte_by_byte),
        cmocka_unit_test(characters_have_their_codes),
        cmocka_unit_test(json_is_valid_for_any_bytes),
        cmocka_unit_test(large_numbers_keep_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
