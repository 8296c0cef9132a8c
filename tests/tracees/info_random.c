/* rdrand and rdseed in all widths, and cpuid's leaves: they do not trap, and their answers come
 * from outside. */
#include <cpuid.h>

#include "check.h"

#define DRAW(name, type, instruction)                                                              \
    static type name(void)                                                                         \
    {                                                                                              \
        type value = 0;                                                                            \
        unsigned char good = 0;                                                                    \
        for (int i = 0; i < 1000 && !good; i++)                                                    \
            __asm__ volatile(instruction " %0; setc %1" : "=r"(value), "=q"(good)::"cc");          \
        CHECK(good);                                                                               \
        return value;                                                                              \
    }

DRAW(rdrand16, uint16_t, "rdrand")
DRAW(rdrand32, uint32_t, "rdrand")
DRAW(rdrand64, uint64_t, "rdrand")
DRAW(rdseed16, uint16_t, "rdseed")
DRAW(rdseed32, uint32_t, "rdseed")
DRAW(rdseed64, uint64_t, "rdseed")

/* What else the instruction does: the rest of the register, and the flags. */
static void check_effects(void)
{
    uint64_t wide = 0x1122334455667788, narrow = wide, flags;
    __asm__ volatile("rdrand %w0" : "+r"(wide)::"cc");
    CHECK(wide >> 16 == 0x112233445566);
    __asm__ volatile("rdrand %k0" : "+r"(narrow)::"cc");
    CHECK(narrow >> 32 == 0);
    __asm__ volatile("xor %%eax, %%eax; rdrand %%r13; pushfq; pop %0"
                     : "=r"(flags)::"rax", "r13", "cc");
    CHECK((flags & 0x8d4) == 0);
}

static void print_leaf(unsigned leaf, unsigned subleaf)
{
    unsigned a, b, c, d;
    if (__get_cpuid_count(leaf, subleaf, &a, &b, &c, &d))
        printf("cpuid %x.%x: %08x %08x %08x %08x\n", leaf, subleaf, a, b, c, d);
}

int main(void)
{
    unsigned a, b, c, d;
    for (unsigned leaf = 0; leaf < 0x20; leaf++)
        for (unsigned subleaf = 0; subleaf < 3; subleaf++)
            print_leaf(leaf, subleaf);
    for (unsigned leaf = 0x80000000; leaf < 0x80000020; leaf++)
        print_leaf(leaf, 0);
    CHECK(__get_cpuid(1, &a, &b, &c, &d));
    if (c & bit_RDRND) {
        for (int i = 0; i < 10; i++)
            printf("rdrand %lx\n", rdrand64());
        printf("rdrand %x %x\n", rdrand16(), rdrand32());
        check_effects();
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_RDSEED)
        printf("rdseed %x %x %lx\n", rdseed16(), rdseed32(), rdseed64());
    return 0;
}
