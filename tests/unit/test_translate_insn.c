/* What the translator makes of single instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/translate/insn.h"

#define ADDRESS 0x7ffff7a00000ull

#define DECODE(insn, ...)                                                                          \
    do {                                                                                           \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                    \
        insn_decode(bytes_, sizeof(bytes_), ADDRESS, (insn));                                      \
    } while (0)

static void kinds_are_told_apart(void **state)
{
    struct insn insn;
    DECODE(&insn, 0x48, 0x89, 0xc3); /* mov rbx, rax */
    assert_int_equal(insn.kind, INSN_PLAIN);
    assert_false(insn.relative);
    DECODE(&insn, 0x0f, 0x05);
    assert_int_equal(insn.kind, INSN_SYSCALL);
    DECODE(&insn, 0xcc);
    assert_int_equal(insn.kind, INSN_SINGLE);
    DECODE(&insn, 0xcd, 0x80);
    assert_int_equal(insn.kind, INSN_SINGLE);
    DECODE(&insn, 0x06); /* no instruction in 64-bit mode */
    assert_int_equal(insn.kind, INSN_SINGLE);
    DECODE(&insn, 0x48, 0x8b); /* cut */
    assert_int_equal(insn.kind, INSN_SINGLE);
    DECODE(&insn, 0xf3, 0x48, 0xab); /* rep stosq */
    assert_int_equal(insn.kind, INSN_PLAIN);
    assert_true(insn.is_rep_string);
    DECODE(&insn, 0x8e, 0xd0); /* mov ss, eax */
    assert_int_equal(insn.kind, INSN_SINGLE);
}

static void direct_branches_have_targets(void **state)
{
    struct insn insn;
    DECODE(&insn, 0xe9, 0x10, 0, 0, 0);
    assert_int_equal(insn.kind, INSN_JUMP);
    assert_true(insn.target == ADDRESS + 5 + 0x10);
    DECODE(&insn, 0xeb, 0xfe);
    assert_int_equal(insn.kind, INSN_JUMP);
    assert_true(insn.target == ADDRESS);
    DECODE(&insn, 0x75, 0x02); /* jnz */
    assert_int_equal(insn.kind, INSN_BRANCH);
    assert_int_equal(insn.condition, 0x85);
    assert_true(insn.target == ADDRESS + 4);
    DECODE(&insn, 0x0f, 0x8f, 0xfa, 0xff, 0xff, 0xff); /* jg */
    assert_int_equal(insn.kind, INSN_BRANCH);
    assert_int_equal(insn.condition, 0x8f);
    assert_true(insn.target == ADDRESS);
    DECODE(&insn, 0xe2, 0x05); /* loop */
    assert_int_equal(insn.kind, INSN_COUNT_BRANCH);
    DECODE(&insn, 0xe3, 0x05); /* jrcxz */
    assert_int_equal(insn.kind, INSN_COUNT_BRANCH);
    DECODE(&insn, 0x67, 0xe3, 0x05); /* jecxz */
    assert_int_equal(insn.kind, INSN_SINGLE);
    DECODE(&insn, 0xe8, 0, 0, 0, 0);
    assert_int_equal(insn.kind, INSN_CALL);
    DECODE(&insn, 0xc2, 0x10, 0x00); /* ret 16 */
    assert_int_equal(insn.kind, INSN_RETURN);
    assert_int_equal(insn.release, 16);
}

static void expect_load(struct insn *insn, const uint8_t *expected, size_t size)
{
    uint8_t bytes[INSN_BYTES_MAX + 1];
    assert_int_equal(insn_load_rcx(insn, bytes), size);
    assert_memory_equal(bytes, expected, size);
}

#define EXPECT_LOAD(insn, ...)                                                                     \
    expect_load((insn), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void operands_of_indirect_branches_are_loaded(void **state)
{
    struct insn insn;
    DECODE(&insn, 0xff, 0xd0); /* call rax */
    assert_int_equal(insn.kind, INSN_CALL_INDIRECT);
    EXPECT_LOAD(&insn, 0x48, 0x8b, 0xc8);
    DECODE(&insn, 0x41, 0xff, 0xe3); /* jmp r11 */
    assert_int_equal(insn.kind, INSN_JUMP_INDIRECT);
    EXPECT_LOAD(&insn, 0x49, 0x8b, 0xcb);
    DECODE(&insn, 0x43, 0xff, 0x24, 0xc4); /* jmp [r12 + r8 * 8] */
    EXPECT_LOAD(&insn, 0x4b, 0x8b, 0x0c, 0xc4);
    DECODE(&insn, 0xff, 0x54, 0x24, 0x08); /* call [rsp + 8] */
    EXPECT_LOAD(&insn, 0x48, 0x8b, 0x4c, 0x24, 0x08);
    DECODE(&insn, 0x64, 0xff, 0x10); /* call fs:[rax] */
    EXPECT_LOAD(&insn, 0x64, 0x48, 0x8b, 0x08);
    DECODE(&insn, 0x3e, 0xff, 0xe0); /* notrack jmp rax */
    EXPECT_LOAD(&insn, 0x48, 0x8b, 0xc8);
    DECODE(&insn, 0xff, 0x25, 0x78, 0x56, 0x34, 0x12); /* jmp [rip + 0x12345678] */
    assert_true(insn.relative);
    EXPECT_LOAD(&insn, 0x48, 0x8b, 0x89, 0x78, 0x56, 0x34, 0x12);
}

static void relative_operands_get_a_free_register(void **state)
{
    struct insn insn;
    DECODE(&insn, 0x48, 0x8b, 0x05, 0x78, 0x56, 0x34, 0x12); /* mov rax, [rip + …] */
    assert_int_equal(insn.kind, INSN_PLAIN);
    assert_true(insn.relative);
    assert_int_not_equal(insn.base, 0);
    assert_true(insn_rebase(&insn));
    assert_int_equal(insn.bytes[2], 0x81); /* mov rax, [rcx + …] */
    DECODE(&insn, 0x48, 0x0f, 0xb1, 0x0d, 1, 0, 0,
           0); /* cmpxchg [rip + 1], rcx: rax is used unseen */
    assert_true(insn.base != 0 && insn.base != 1);
    assert_true(insn_rebase(&insn));
    DECODE(&insn, 0xc5, 0xfd, 0x6f, 0x05, 0, 0, 0, 0); /* vmovdqa ymm0, [rip] */
    assert_int_equal(insn.kind, INSN_PLAIN);
    assert_true(insn_rebase(&insn));
    DECODE(&insn, 0xf0, 0x83, 0x05, 0, 0, 0, 0, 1); /* lock add dword [rip], 1 */
    assert_true(insn_rebase(&insn));
    DECODE(&insn, 0x62, 0xf1, 0x7d, 0x48, 0x6f, 0x05, 0, 0, 0, 0); /* vmovdqa32 zmm0, [rip] */
    assert_true(insn_rebase(&insn));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(direct_branches_have_targets),
        cmocka_unit_test(operands_of_indirect_branches_are_loaded),
        cmocka_unit_test(relative_operands_get_a_free_register),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
