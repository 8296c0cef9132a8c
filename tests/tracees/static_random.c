/* cpuid and rdrand in a static program, whose libc asks cpuid before main. */
/* flags: -static */
#include <cpuid.h>

#include "check.h"

int main(void)
{
    unsigned a, b, c, d;
    CHECK(__get_cpuid(1, &a, &b, &c, &d));
    printf("%x on the core with APIC id %u\n", a, b >> 24);
    for (int i = 0; i < 10 && c & bit_RDRND; i++) {
        uint64_t value = 0;
        unsigned char good = 0;
        while (!good)
            __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=q"(good)::"cc");
        printf("%lx\n", value);
    }
    return 0;
}
