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
    assert_true(insn.is_load); /* which overwrites it anyway */
    assert_int_equal(insn.base, 0);
    assert_true(insn_rebase(&insn));
    assert_int_equal(insn.bytes[2], 0x80);                   /* mov rax, [rax + …] */
    DECODE(&insn, 0x48, 0x89, 0x05, 0x78, 0x56, 0x34, 0x12); /* mov [rip + …], rax */
    assert_false(insn.is_load);
    assert_int_not_equal(insn.base, 0);
    assert_true(insn_rebase(&insn));
    assert_int_equal(insn.bytes[2], 0x81);          /* mov [rcx + …], rax */
    DECODE(&insn, 0x4c, 0x8d, 0x25, 0x10, 0, 0, 0); /* lea r12, [rip + 0x10] */
    assert_true(insn.is_address);
    assert_int_equal(insn.base, 12);
    assert_true(insn.target == ADDRESS + 7 + 0x10);
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

static void relative_operands_are_moved(void **state)
{
    struct insn insn;
    const uint8_t expected[] = {0x48, 0x83, 0x3d, 0x68, 0x56, 0x34, 0x12, 0x07};
    DECODE(&insn, 0x48, 0x83, 0x3d, 0x78, 0x56, 0x34, 0x12, 0x07); /* cmp [rip + …], 7 */
    assert_true(insn_move(&insn, ADDRESS + 0x10));
    assert_memory_equal(insn.bytes, expected, sizeof(expected));
    assert_false(insn_move(&insn, ADDRESS - 0x7fffffff));
}

static void expect_again(const struct insn *insn, const uint8_t *expected, size_t size)
{
    uint8_t bytes[INSN_AGAIN_MAX];
    assert_int_equal(insn_again(insn, bytes), size);
    assert_memory_equal(bytes, expected, size);
}

#define EXPECT_AGAIN(insn, ...)                                                                    \
    expect_again((insn), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void flags_can_be_had_again(void **state)
{
    struct insn insn;
    DECODE(&insn, 0x48, 0x39, 0xd8); /* cmp rax, rbx */
    EXPECT_AGAIN(&insn, 0x48, 0x39, 0xd8);
    assert_true(insn.sets_flags);
    assert_int_equal(insn.reads, 1 << 0 | 1 << 3);
    assert_int_equal(insn.writes, 0);
    DECODE(&insn, 0x80, 0x3b, 0x07); /* cmp byte [rbx], 7 */
    EXPECT_AGAIN(&insn, 0x80, 0x3b, 0x07);
    assert_false(insn.sets_flags); /* it may fault */
    assert_int_equal(insn.reads, 1 << 3 | INSN_MEMORY);
    DECODE(&insn, 0x49, 0x83, 0xc0, 0x08); /* add r8, 8 */
    EXPECT_AGAIN(&insn, 0x49, 0x83, 0xe8, 0x08, 0x49, 0x83, 0xc0, 0x08);
    DECODE(&insn, 0x44, 0x29, 0xc8); /* sub eax, r9d */
    EXPECT_AGAIN(&insn, 0x44, 0x01, 0xc8, 0x44, 0x29, 0xc8);
    DECODE(&insn, 0x2d, 1, 2, 3, 4); /* sub eax, … */
    EXPECT_AGAIN(&insn, 0x05, 1, 2, 3, 4, 0x2d, 1, 2, 3, 4);
    DECODE(&insn, 0x4c, 0x31, 0xeb); /* xor rbx, r13 */
    EXPECT_AGAIN(&insn, 0x48, 0x85, 0xdb);
    DECODE(&insn, 0x41, 0xf7, 0xd8); /* neg r8d */
    EXPECT_AGAIN(&insn, 0x41, 0xf7, 0xd8, 0x41, 0xf7, 0xd8);
}

static void other_flags_cannot(void **state)
{
    struct insn insn;
    DECODE(&insn, 0x01, 0xc0); /* add eax, eax: what was in it is gone */
    assert_int_equal(insn.again, AGAIN_NEVER);
    assert_true(insn.sets_flags);
    DECODE(&insn, 0x48, 0x03, 0x40, 0x08); /* add rax, [rax + 8] */
    assert_int_equal(insn.again, AGAIN_NEVER);
    DECODE(&insn, 0x48, 0x23, 0x00); /* and rax, [rax] */
    assert_int_equal(insn.again, AGAIN_NEVER);
    DECODE(&insn, 0x48, 0x83, 0x2b, 0x01); /* sub [rbx], 1 */
    assert_int_equal(insn.again, AGAIN_NEVER);
    DECODE(&insn, 0xff, 0xc8); /* dec eax: keeps the carry */
    assert_int_equal(insn.again, AGAIN_NEVER);
    assert_true(insn.writes_flags);
    assert_false(insn.sets_flags);
    DECODE(&insn, 0x48, 0xd3, 0xe0); /* shl rax, cl: none, if cl is 0 */
    assert_int_equal(insn.again, AGAIN_NEVER);
    assert_false(insn.sets_flags);
    DECODE(&insn, 0x48, 0x83, 0x3d, 0, 0, 0, 0, 0x07); /* cmp [rip], 7 */
    assert_int_equal(insn.again, AGAIN_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(direct_branches_have_targets),
        cmocka_unit_test(operands_of_indirect_branches_are_loaded),
        cmocka_unit_test(relative_operands_get_a_free_register),
        cmocka_unit_test(relative_operands_are_moved),
        cmocka_unit_test(flags_can_be_had_again),
        cmocka_unit_test(other_flags_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
