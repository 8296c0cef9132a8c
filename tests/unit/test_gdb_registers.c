/* The register table against the layout that gdb numbers by, and XSAVE areas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "replay/gdb/gdb_registers.h"

static size_t number_of(const char *name)
{
    size_t i = 0;
    while (i < gdb_register_count && strcmp(gdb_registers[i].name, name) != 0)
        i++;
    return i;
}

/* gdb's fixed numbers of amd64 (gdb/amd64-tdep.h), which expedited registers rely on. */
static void numbers_are_gdbs(void **state)
{
    assert_int_equal(number_of("rbp"), 6);
    assert_int_equal(number_of("rsp"), 7);
    assert_int_equal(number_of("rip"), 16);
    assert_int_equal(number_of("st0"), 24);
    assert_int_equal(number_of("fctrl"), 32);
    assert_int_equal(number_of("xmm0"), 40);
    assert_int_equal(number_of("mxcsr"), 56);
    assert_int_equal(number_of("orig_rax"), 57);
    assert_int_equal(number_of("fs_base"), 58);
    assert_int_equal(number_of("ymm0h"), 60);
}

static void features_follow_xcr0(void **state)
{
    struct cpu_features features = {.xcr0 = 0x7};
    assert_true(gdb_has_feature(NULL, GDB_CORE));
    assert_false(gdb_has_feature(NULL, GDB_AVX));
    assert_true(gdb_has_feature(&features, GDB_AVX));
    assert_false(gdb_has_feature(&features, GDB_AVX512));
    features.xcr0 = 0x2e7;
    assert_true(gdb_has_feature(&features, GDB_AVX512));
    assert_true(gdb_has_feature(&features, GDB_PKEYS));
    assert_false(gdb_has_feature(&features, GDB_FEATURES));
}

static uint8_t area[4096];

static uint32_t word(const char *name, size_t size)
{
    uint8_t value[GDB_REGISTER_BYTES];
    uint32_t result;
    assert_true(gdb_xsave_register(&gdb_registers[number_of(name)], area, size, value));
    memcpy(&result, value, sizeof(result));
    return result;
}

static void fill_area(uint8_t present)
{
    memset(area, 0, sizeof(area));
    for (unsigned i = 0; i < 512; i++)
        area[i] = (uint8_t)i;
    area[512] = present;
    memset(area + 576, 0xee, 256); /* the AVX component is at 576 on every CPU */
}

static void legacy_registers(void **state)
{
    fill_area(7);
    assert_int_equal(word("fctrl", sizeof(area)), 0x0100);
    assert_int_equal(word("fstat", sizeof(area)), 0x0302);
    assert_int_equal(word("fioff", sizeof(area)), 0x0b0a0908);
    assert_int_equal(word("fiseg", sizeof(area)), 0x0d0c);
    assert_int_equal(word("fop", sizeof(area)), 0x706);
    assert_int_equal(word("mxcsr", sizeof(area)), 0x1b1a1918);
    assert_int_equal(word("st1", sizeof(area)), 0x33323130);
    assert_int_equal(word("xmm1", sizeof(area)), 0xb3b2b1b0);
    assert_int_equal(word("ymm0h", sizeof(area)), 0xeeeeeeee);
}

static void unused_components_are_initial(void **state)
{
    fill_area(0);
    assert_int_equal(word("fctrl", sizeof(area)), 0x37f);
    assert_int_equal(word("ftag", sizeof(area)), 0xffff);
    assert_int_equal(word("st1", sizeof(area)), 0);
    assert_int_equal(word("xmm1", sizeof(area)), 0);
    assert_int_equal(word("mxcsr", sizeof(area)), 0x1b1a1918);
    assert_int_equal(word("ymm0h", sizeof(area)), 0);
}

/* st0 = 1.0, st1 = 0.0, st2 = infinity, in physical registers 6, 7, 0 (top is 6). */
static void tag_word_is_rebuilt(void **state)
{
    fill_area(1);
    memset(area + 32, 0, 128);
    area[3] = 6 << 3;
    area[4] = 0xc1;
    memcpy(area + 32, "\0\0\0\0\0\0\0\x80\xff\x3f", 10);
    memcpy(area + 64, "\0\0\0\0\0\0\0\x80\xff\x7f", 10);
    assert_int_equal(word("ftag", sizeof(area)), 0x4ffe);
}

static void short_areas_hold_nothing(void **state)
{
    uint8_t value[GDB_REGISTER_BYTES];
    fill_area(7);
    for (size_t size = 0; size < 1200; size++) {
        uint8_t copy[1200];
        memcpy(copy + sizeof(copy) - size, area, size); /* the sanitizer watches its end */
        for (size_t i = 0; i < gdb_register_count; i++) {
            if (gdb_registers[i].place == GDB_GENERAL)
                continue;
            bool held =
                gdb_xsave_register(&gdb_registers[i], copy + sizeof(copy) - size, size, value);
            assert_true(size >= 512 || !held);
        }
    }
    assert_false(gdb_xsave_register(&gdb_registers[number_of("ymm15h")], area, 600, value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_gdbs),    cmocka_unit_test(features_follow_xcr0),
        cmocka_unit_test(legacy_registers),    cmocka_unit_test(unused_components_are_initial),
        cmocka_unit_test(tag_word_is_rebuilt), cmocka_unit_test(short_areas_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
