/* rdrand, rdseed and cpuid do not trap: sites must be patched. Not recorded yet. */
/* modes: native */
#include <cpuid.h>

#include "check.h"

int main(void)
{
    unsigned int a, b, c, d;
    CHECK(__get_cpuid(1, &a, &b, &c, &d));
    printf("on the core with APIC id %u\n", b >> 24);
    if (c & bit_RDRND) {
        uint64_t value = 0;
        unsigned char good = 0;
        for (int i = 0; i < 100 && !good; i++)
            __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=q"(good)::"cc");
        CHECK(good);
        printf("%lx\n", value);
    }
    return 0;
}
