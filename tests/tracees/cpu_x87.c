/* x87 registers and the rounding modes of both units are kept over calls and signals. */
#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
    __asm__ volatile("fninit; fldz");
}

int main(void)
{
    handle(SIGTRAP, handler, 0);
    uint16_t control = 0x0f7f, control_after = 0; /* rounds to zero */
    uint32_t mxcsr = 0x7f80, mxcsr_after = 0;
    long double value = 1.25L + getpid(), after = 0;
    long result = SYS_getppid;
    __asm__ volatile("fldcw %4; ldmxcsr %5; fldt %6; syscall; int3\n"
                     "fstpt %1; fnstcw %2; stmxcsr %3; fninit"
                     : "+a"(result), "=m"(after), "=m"(control_after), "=m"(mxcsr_after)
                     : "m"(control), "m"(mxcsr), "m"(value)
                     : "rcx", "r11", "memory");
    uint32_t normal = 0x1f80;
    __asm__ volatile("ldmxcsr %0" ::"m"(normal));
    CHECK(after == value && control_after == control && mxcsr_after == mxcsr);
    printf("%Lf\n", after);
    return 0;
}
