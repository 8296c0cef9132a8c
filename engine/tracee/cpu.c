#include "engine/tracee/cpu.h"

#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#define OSXSAVE (1u << 27) /* cpuid 1.ecx */

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

void cpu_features_read(uint32_t words[CPU_WORDS], uint64_t *xcr0, uint32_t *xsave_bytes)
{
    uint32_t a, b, c, d;
    memset(words, 0, CPU_WORDS * sizeof(words[0]));
    __get_cpuid(1, &a, &b, &words[0], &words[1]);
    __get_cpuid_count(7, 0, &a, &words[2], &words[3], &words[4]);
    __get_cpuid_count(7, 1, &words[5], &b, &c, &d);
    __get_cpuid(0x80000001, &a, &b, &words[6], &words[7]);
    *xcr0 = words[0] & OSXSAVE ? read_xcr0() : 0;
    *xsave_bytes = 512;
    if (__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
        *xsave_bytes = b;
}

bool cpu_xsave_component(unsigned component, uint32_t *offset, uint32_t *size)
{
    uint32_t c, d;
    return __get_cpuid_count(0xd, component, size, offset, &c, &d) && *size != 0;
}

static const struct {
    uint8_t word, bit;
    const char *name;
} named[] = {
    {0, 0, "SSE3"},      {0, 1, "PCLMULQDQ"}, {0, 9, "SSSE3"},       {0, 12, "FMA"},
    {0, 19, "SSE4.1"},   {0, 20, "SSE4.2"},   {0, 22, "MOVBE"},      {0, 23, "POPCNT"},
    {0, 25, "AES"},      {0, 26, "XSAVE"},    {0, 28, "AVX"},        {0, 29, "F16C"},
    {0, 30, "RDRAND"},   {2, 0, "FSGSBASE"},  {2, 3, "BMI1"},        {2, 5, "AVX2"},
    {2, 8, "BMI2"},      {2, 11, "RTM"},      {2, 16, "AVX512F"},    {2, 17, "AVX512DQ"},
    {2, 18, "RDSEED"},   {2, 19, "ADX"},      {2, 29, "SHA"},        {2, 30, "AVX512BW"},
    {2, 31, "AVX512VL"}, {3, 9, "VAES"},      {3, 10, "VPCLMULQDQ"}, {6, 5, "LZCNT"},
};

/* Bits that say something about the machine, not about instructions: APIC, hypervisor, OS support,
 * MWAIT, threads. */
static const uint32_t irrelevant[CPU_WORDS] = {
    [0] = 1u << 31 | 1u << 27 | 1u << 24 | 1u << 21 | 1u << 3 | 1u << 2 | 1u << 5 | 1u << 6 |
          1u << 15 | 1u << 17,
    [1] = 1u << 9 | 1u << 28 | 1u << 7 | 1u << 14 | 1u << 12 | 1u << 18 | 1u << 21 | 1u << 22 |
          1u << 27 | 1u << 29 | 1u << 31,
    [2] = 1u << 1 | 1u << 7 | 1u << 10 | 1u << 12 | 1u << 15 | 1u << 20 | 1u << 25,
    [3] = 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 16,
    [4] = ~((1u << 2) | (1u << 3) | (1u << 8) | (1u << 23)),
    [6] = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 13 |
          1u << 22 | 1u << 23 | 1u << 24 | 1u << 26 | 1u << 28,
    [7] = 1u << 9,
};

const char *cpu_missing_feature(const uint32_t recorded[CPU_WORDS], const uint32_t here[CPU_WORDS],
                                char *text, size_t size)
{
    static const char *const registers[CPU_WORDS] = {"1.ecx",        "1.edx",       "7.0.ebx",
                                                     "7.0.ecx",      "7.0.edx",     "7.1.eax",
                                                     "80000001.ecx", "80000001.edx"};
    for (unsigned word = 0; word < CPU_WORDS; word++) {
        uint32_t missing = recorded[word] & ~here[word] & ~irrelevant[word];
        if (!missing)
            continue;
        unsigned bit = (unsigned)__builtin_ctz(missing);
        for (size_t i = 0; i < ARRAY_LENGTH(named); i++)
            if (named[i].word == word && named[i].bit == bit)
                return named[i].name;
        snprintf(text, size, "bit %u of cpuid %s", bit, registers[word]);
        return text;
    }
    return NULL;
}
