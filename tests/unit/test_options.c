/* The table of options over getopt_long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "commands/options.h"

static bool json, is_long;
static const char *stream;
static const struct option_rule rules[] = {
    {.name = "json", .flag = &json},
    {.letter = 'l', .flag = &is_long},
    {.letter = 's', .name = "stream", .text = &stream},
};

static struct error *parse(char **argv, enum options_order order, int *first)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    json = is_long = false;
    stream = NULL;
    return options_parse(argc, argv, rules, ARRAY_LENGTH(rules), order, first);
}

#define WORDS(...) ((char *[]){(char *)"dump", __VA_ARGS__, NULL})
#define W(text) ((char *)text)

static void options_may_follow_operands(void **state)
{
    int first;
    char **argv = WORDS(W("trace"), W("-l"), W("--stream=7"), W("--json"));
    assert_null(parse(argv, OPTIONS_ANYWHERE, &first));
    assert_true(json && is_long);
    assert_string_equal(stream, "7");
    assert_int_equal(first, 4);
    assert_string_equal(argv[first], "trace");
}

static void operands_end_the_options_of_record(void **state)
{
    int first;
    char **argv = WORDS(W("-l"), W("ls"), W("--json"), W("-s"));
    assert_null(parse(argv, OPTIONS_FIRST, &first));
    assert_true(is_long && !json && !stream);
    assert_int_equal(first, 2);
}

static void dashes_part_the_words_of_another_program(void **state)
{
    int first;
    char **argv = WORDS(W("-l"), W("trace"), W("--"), W("--batch"), W("--"));
    assert_int_equal(options_before_dashes(6, argv), 3);
    is_long = false;
    assert_null(options_parse(3, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first));
    assert_true(is_long);
    assert_int_equal(first, 2);
    assert_int_equal(options_before_dashes(3, argv), 3);
    assert_int_equal(options_before_dashes(1, argv), 1);
}

static void assert_refused(char **argv, const char *message)
{
    int first;
    struct error *error = parse(argv, OPTIONS_ANYWHERE, &first);
    assert_non_null(error);
    assert_string_equal(error_message(error), message);
    error_free(error);
}

static void bad_options_are_named(void **state)
{
    assert_refused(WORDS(W("--bogus")), "dump has no option --bogus");
    assert_refused(WORDS(W("-x")), "dump has no option -x");
    assert_refused(WORDS(W("-lx")), "dump has no option -x");
    assert_refused(WORDS(W("-s")), "option -s needs an argument");
    assert_refused(WORDS(W("--stream")), "option --stream needs an argument");
}

static void assert_no_number(const char *text)
{
    uint64_t value;
    struct error *error = option_number("N", text, 1000, &value);
    assert_non_null(error);
    error_free(error);
}

static void numbers_are_checked(void **state)
{
    uint64_t value;
    assert_null(option_number("N", "010", 1000, &value));
    assert_int_equal(value, 10);
    assert_null(option_number("N", "0x10", 1000, &value));
    assert_int_equal(value, 16);
    assert_no_number("");
    assert_no_number("-1");
    assert_no_number("+1");
    assert_no_number(" 1");
    assert_no_number("1x");
    assert_no_number("1001");
    assert_no_number("99999999999999999999");
}

static void the_common_line_takes_one_trace(void **state)
{
    bool is_json;
    const char *name;
    assert_null(options_json_and_trace(1, WORDS(NULL), &is_json, &name));
    assert_true(!is_json && !name);
    assert_null(options_json_and_trace(3, WORDS(W("ls-1"), W("--json")), &is_json, &name));
    assert_true(is_json);
    assert_string_equal(name, "ls-1");
    struct error *error = options_json_and_trace(3, WORDS(W("a"), W("b")), &is_json, &name);
    assert_string_equal(error_message(error), "dump: one argument too many: b");
    error_free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_follow_operands),
        cmocka_unit_test(operands_end_the_options_of_record),
        cmocka_unit_test(dashes_part_the_words_of_another_program),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(the_common_line_takes_one_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
