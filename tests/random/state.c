/*
 * States, compared by value. Not compared: the trap and resume flags, which are single-stepping's;
 * which components of the XSAVE area are in use; and the last x87 instruction's opcode and
 * addresses, which are the translation's.
 */
#include <stdio.h>
#include <string.h>

#include "engine/tracee/cpu.h"
#include "tests/random/subject.h"

#define FLAGS_IGNORED 0x10100ull

/* The legacy area (Intel SDM volume 1, 13.4.1). */
#define XSAVE_FSW 2
#define XSAVE_TAGS 4
#define XSAVE_LAST_OPCODE 6
#define XSAVE_MXCSR 24
#define XSAVE_ST 32
#define XSAVE_XMM 160
#define XSAVE_LEGACY_END 416
#define XSAVE_HEADER 512
#define COMPONENT_AVX 2
#define COMPONENT_ZMM_HIGH 7 /* 5 … 7 are those of AVX-512 */

static bool is_vector(unsigned component)
{
    return component == COMPONENT_AVX || (component >= 5 && component <= COMPONENT_ZMM_HIGH);
}

static void fill(struct chance *chance, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t value = chance_word(chance);
        switch (chance_below(chance, 4)) {
        case 0:
            value &= 0xff000000ff;
            break;
        case 1: { /* a number near 1 */
            double number = (double)(int32_t)value / 65536;
            memcpy(&value, &number, 8);
            break;
        }
        }
        memcpy(bytes + i, &value, 8);
    }
}

static void draw_x87(struct chance *chance, uint8_t *bytes)
{
    uint16_t control = (uint16_t)(0x37f & ~(chance_one_in(chance, 2) ? 0x300 : 0));
    uint16_t status = (uint16_t)(chance_word(chance) & 0x7800); /* the top, and conditions */
    if (chance_one_in(chance, 32))
        control &= (uint16_t) ~(1u << chance_below(chance, 6));
    memcpy(bytes, &control, 2);
    memcpy(bytes + XSAVE_FSW, &status, 2);
    bytes[XSAVE_TAGS] = (uint8_t)chance_word(chance);
    memset(bytes + XSAVE_LAST_OPCODE, 0, XSAVE_MXCSR - XSAVE_LAST_OPCODE);
    for (size_t i = 0; i < 8; i++) {
        uint64_t mantissa = chance_word(chance) | 1ull << 63;
        uint16_t exponent =
            (uint16_t)(chance_one_in(chance, 8) ? chance_word(chance)
                                                : 0x3fff - 20 + chance_below(chance, 40));
        uint8_t *to = bytes + XSAVE_ST + 16 * i;
        memset(to, 0, 16);
        memcpy(to, &mantissa, 8);
        memcpy(to + 8, &exponent, 2);
    }
}

void state_draw_xsave(uint64_t seed, uint8_t *bytes, size_t size)
{
    struct chance chance = {seed};
    uint64_t used = 3;
    uint32_t offset, length;
    uint32_t mxcsr = 0x1f80 | (uint32_t)(chance_word(&chance) & 0x6000);
    if (chance_one_in(&chance, 16))
        mxcsr |= 0x8040; /* denormals are, and become, zero */
    if (chance_one_in(&chance, 32))
        mxcsr &= ~(1u << (7 + chance_below(&chance, 6)));
    draw_x87(&chance, bytes);
    memcpy(bytes + XSAVE_MXCSR, &mxcsr, 4);
    fill(&chance, bytes + XSAVE_XMM, XSAVE_LEGACY_END - XSAVE_XMM);
    for (unsigned i = COMPONENT_AVX; i <= COMPONENT_ZMM_HIGH; i++) {
        if (!is_vector(i) || !cpu_xsave_component(i, &offset, &length) || offset + length > size)
            continue;
        fill(&chance, bytes + offset, length);
        used |= 1ull << i;
    }
    memcpy(bytes + XSAVE_HEADER, &used, 8);
}

/* --- Comparing ----------------------------------------------------------------------------- */

typedef void (*difference)(const char *name, const uint8_t *a, const uint8_t *b, size_t size);

static bool pieces(const char *name, const uint8_t *a, const uint8_t *b, size_t count, size_t size,
                   size_t stride, difference visit)
{
    bool same = true;
    char text[64];
    for (size_t i = 0; i < count; i++, a += stride, b += stride) {
        if (memcmp(a, b, size) == 0)
            continue;
        same = false;
        snprintf(text, sizeof(text), count > 1 ? "%s%zu" : "%s", name, i);
        if (visit)
            visit(text, a, b, size);
    }
    return same;
}

static bool same_xsave(const uint8_t *a, const uint8_t *b, difference visit)
{
    uint32_t offset, length;
    bool same = pieces("x87 control", a, b, 1, XSAVE_FSW, 0, visit);
    same &= pieces("x87 status", a + XSAVE_FSW, b + XSAVE_FSW, 1, 2, 0, visit);
    same &= pieces("x87 tags", a + XSAVE_TAGS, b + XSAVE_TAGS, 1, 1, 0, visit);
    same &= pieces("mxcsr", a + XSAVE_MXCSR, b + XSAVE_MXCSR, 1, 4, 0, visit);
    same &= pieces("st", a + XSAVE_ST, b + XSAVE_ST, 8, 10, 16, visit);
    same &= pieces("xmm", a + XSAVE_XMM, b + XSAVE_XMM, 16, 16, 16, visit);
    for (unsigned i = COMPONENT_AVX; i <= COMPONENT_ZMM_HIGH; i++)
        if (is_vector(i) && cpu_xsave_component(i, &offset, &length) &&
            offset + length <= XSAVE_MAX)
            same &= pieces(i == COMPONENT_AVX ? "ymm high " : "component's 16 bytes ", a + offset,
                           b + offset, length / 16, 16, 16, visit);
    return same;
}

static bool same_registers(const struct user_regs_struct *a, const struct user_regs_struct *b,
                           difference visit)
{
    static const char *const names[] = {"r15",     "r14",     "r13", "r12", "rbp",    "rbx", "r11",
                                        "r10",     "r9",      "r8",  "rax", "rcx",    "rdx", "rsi",
                                        "rdi",     NULL,      "rip", "cs",  "eflags", "rsp", "ss",
                                        "fs_base", "gs_base", "ds",  "es",  "fs",     "gs"};
    _Static_assert(sizeof(names) / sizeof(names[0]) == sizeof(*a) / 8, "every register has one");
    bool same = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint64_t x = ((const unsigned long long *)a)[i], y = ((const unsigned long long *)b)[i];
        if (names[i] && names[i][0] == 'e' && names[i][1] == 'f') {
            x &= ~FLAGS_IGNORED;
            y &= ~FLAGS_IGNORED;
        }
        if (names[i])
            same &= pieces(names[i], (const uint8_t *)&x, (const uint8_t *)&y, 1, 8, 0, visit);
    }
    return same;
}

static bool compare(const struct state *a, const struct state *b, difference visit)
{
    bool same = same_registers(&a->regs, &b->regs, visit);
    same &= same_xsave(a->xsave, b->xsave, visit);
    same &= pieces("data, 8 bytes, number ", a->data, b->data, DATA_BYTES / 8, 8, 8, visit);
    same &= pieces("stack, 8 bytes, number ", a->stack, b->stack, STACK_BYTES / 8, 8, 8, visit);
    return same;
}

bool state_same(const struct state *a, const struct state *b)
{
    return compare(a, b, NULL);
}

static void print_value(const uint8_t *bytes, size_t size)
{
    for (size_t i = size; i; i--)
        printf("%02x", bytes[i - 1]);
}

static void print_difference(const char *name, const uint8_t *a, const uint8_t *b, size_t size)
{
    printf("    %s: steps ", name);
    print_value(a, size);
    printf(", engine ");
    print_value(b, size);
    printf("\n");
}

void state_print_differences(const struct state *steps, const struct state *engine)
{
    compare(steps, engine, print_difference);
}
