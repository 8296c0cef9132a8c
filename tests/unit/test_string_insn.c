/* String instructions with a rep prefix are told from what only looks like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/tracee/string_insn.h"

#define LENGTH(...)                                                                                \
    rep_string_length((const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static void rep_strings(void **state)
{
    assert_int_equal(LENGTH(0xf3, 0xa4), 2);             /* rep movsb */
    assert_int_equal(LENGTH(0xf3, 0x48, 0xab, 0x90), 3); /* rep stosq */
    assert_int_equal(LENGTH(0xf2, 0xae), 2);             /* repne scasb */
    assert_int_equal(LENGTH(0x67, 0x66, 0xf3, 0xa7), 4); /* repe cmpsw, with 32-bit addresses */
}

static void others(void **state)
{
    assert_int_equal(LENGTH(0xa4), 0);             /* movsb */
    assert_int_equal(LENGTH(0xf3, 0x90), 0);       /* pause */
    assert_int_equal(LENGTH(0xf3, 0x0f, 0xb8), 0); /* popcnt */
    assert_int_equal(LENGTH(0xf3, 0xa8), 0);       /* test al has an opcode between theirs */
    assert_int_equal(LENGTH(0xf3), 0);             /* cut */
    assert_int_equal(LENGTH(0x48, 0xf3), 0);
}

static void prefixes(void **state)
{
    const uint8_t locked[] = {0xf0, 0x48, 0x0f, 0xb1};
    struct insn_prefixes of = insn_prefixes(locked, sizeof(locked));
    assert_int_equal(of.length, 2);
    assert_false(of.repeats);
    of = insn_prefixes(locked, 0);
    assert_int_equal(of.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rep_strings),
        cmocka_unit_test(others),
        cmocka_unit_test(prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
