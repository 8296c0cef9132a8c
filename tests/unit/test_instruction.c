/* Instructions that the recorder executes for the program: what they are, and what they do. */
#include "tests/unit/trace_fixture.h"

#include <cpuid.h>

#include "record/instruction.h"

struct encoded {
    enum trace_instruction kind; /* 0: none */
    uint8_t length, general, width;
    uint8_t bytes[8];
};

static const struct encoded encodings[] = {
    {INSTRUCTION_RDTSC, 2, 0, 0, {0x0f, 0x31}},
    {INSTRUCTION_RDTSCP, 3, 0, 0, {0x0f, 0x01, 0xf9}},
    {INSTRUCTION_CPUID, 2, 0, 0, {0x0f, 0xa2}},
    {INSTRUCTION_CPUID, 4, 0, 0, {0x66, 0x48, 0x0f, 0xa2}},
    {INSTRUCTION_RDRAND, 3, 0, 4, {0x0f, 0xc7, 0xf0}},
    {INSTRUCTION_RDRAND, 4, 2, 2, {0x66, 0x0f, 0xc7, 0xf2}},
    {INSTRUCTION_RDRAND, 4, 15, 8, {0x49, 0x0f, 0xc7, 0xf7}},
    {INSTRUCTION_RDSEED, 4, 9, 4, {0x41, 0x0f, 0xc7, 0xf9}},
    {INSTRUCTION_RDSEED, 5, 1, 8, {0x66, 0x48, 0x0f, 0xc7, 0xf9}},
    {INSTRUCTION_RDRAND, 5, 1, 2, {0x48, 0x66, 0x0f, 0xc7, 0xf1}}, /* this REX counts for nothing */
    {0, 0, 0, 0, {0xf3, 0x0f, 0xc7, 0xf8}},                        /* rdpid */
    {0, 0, 0, 0, {0x0f, 0xc7, 0x0f}},                              /* cmpxchg8b (%rdi) */
    {0, 0, 0, 0, {0x0f, 0x01, 0xf8}},                              /* swapgs */
    {0, 0, 0, 0, {0xf4, 0xa2}},
    {0, 0, 0, 0, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x0f}},
};

static void are_told(void **state)
{
    struct instruction instruction;
    for (size_t i = 0; i < ARRAY_LENGTH(encodings); i++) {
        const struct encoded *encoded = &encodings[i];
        bool found = instruction_decode(encoded->bytes, sizeof(encoded->bytes), &instruction);
        if (found != (encoded->kind != 0) || instruction.kind != encoded->kind)
            fail_msg("encoding %zu is %s", i, instruction_name(instruction.kind));
        if (!found)
            continue;
        assert_int_equal(instruction.length, encoded->length);
        assert_int_equal(instruction.general, encoded->general);
        assert_int_equal(instruction.width, encoded->width);
        assert_false(instruction_decode(encoded->bytes, encoded->length - 1u, &instruction));
    }
}

#define FULL 0xa5a5a5a5a5a5a5a5ull

static void random_numbers_go_where_they_belong(void **state)
{
    static const struct instruction wide = {INSTRUCTION_RDRAND, 4, 9, 8},
                                    half = {INSTRUCTION_RDRAND, 4, 9, 4},
                                    narrow = {INSTRUCTION_RDRAND, 5, 9, 2};
    if (!instruction_is_supported(INSTRUCTION_RDRAND))
        skip();
    bool differs = false;
    for (int i = 0; i < 10; i++) {
        struct user_regs_struct regs = {.r9 = FULL, .rip = 100, .eflags = 0xad7};
        instruction_execute(&wide, NULL, &regs);
        differs = differs || (regs.r9 != FULL && regs.r9 >> 32);
        assert_true(regs.rip == 104 && (regs.eflags | 1) == 0x203);
        regs.r9 = FULL;
        instruction_execute(&half, NULL, &regs);
        assert_true(regs.r9 >> 32 == 0);
        regs.r9 = FULL;
        instruction_execute(&narrow, NULL, &regs);
        assert_true(regs.r9 >> 16 == FULL >> 16 && regs.rip == 113 && regs.rax == 0);
    }
    assert_true(differs);
}

static struct cpuid_answers answers;

static struct user_regs_struct cpuid_of(uint32_t leaf, uint32_t subleaf)
{
    static const struct instruction cpuid = {.kind = INSTRUCTION_CPUID, .length = 2};
    struct user_regs_struct regs = {.rax = FULL << 32 | leaf,
                                    .rcx = FULL << 32 | subleaf,
                                    .rbx = FULL,
                                    .rdx = FULL,
                                    .eflags = 0xad7};
    instruction_execute(&cpuid, &answers, &regs);
    assert_true(regs.rip == 2 && regs.eflags == 0xad7);
    return regs;
}

static void cpuid_says_what_can_be_recorded(void **state)
{
    uint32_t a, b, c, d;
    __cpuid_count(0, 0, a, b, c, d);
    struct user_regs_struct regs = cpuid_of(0, 0);
    assert_true(regs.rax == a && regs.rbx == b && regs.rcx == c && regs.rdx == d);
    if (a < 7)
        return;
    __cpuid_count(7, 0, a, b, c, d);
    regs = cpuid_of(7, 0);
    assert_true(regs.rbx == (b & ~0x810u)); /* HLE, RTM */
    assert_true(regs.rcx == (c & ~0xb8u));  /* keys, waiting, shadow stack */
    assert_true(regs.rdx == (d & ~(1u << 22 | 1u << 24 | 1u << 25))); /* AMX */
}

/* However often it is asked, and more often than there is room for answers. */
static void cpuid_answers_alike(void **state)
{
    uint32_t a, b, c, d;
    for (int round = 0; round < 2; round++) {
        for (uint32_t subleaf = 0; subleaf < ARRAY_LENGTH(answers.known) + 4; subleaf++) {
            __cpuid_count(0xd, subleaf, a, b, c, d);
            if (subleaf == 1)
                a &= ~2u; /* xsavec is hidden */
            struct user_regs_struct regs = cpuid_of(0xd, subleaf);
            assert_true(regs.rax == a && regs.rbx == b && regs.rcx == c && regs.rdx == d);
        }
    }
    __cpuid(0x80000000, a, b, c, d);
    struct user_regs_struct regs = cpuid_of(0x80000000, 77);
    assert_true(regs.rax == a && regs.rbx == b && regs.rcx == c && regs.rdx == d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_told),
        cmocka_unit_test(random_numbers_go_where_they_belong),
        cmocka_unit_test(cpuid_says_what_can_be_recorded),
        cmocka_unit_test(cpuid_answers_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
