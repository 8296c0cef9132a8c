/* SIGFPE, SIGILL and SIGTRAP of the program's own instructions, with their addresses. */
#include <ucontext.h>

#include "check.h"

static volatile int signals[3], count, codes[3];
static void *volatile addresses[3];
extern char divide[], after_divide[], illegal[], after_illegal[], after_trap[];

static void handler(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    signals[count] = number;
    codes[count] = info->si_code;
    addresses[count++] = info->si_addr;
    if (number == SIGFPE)
        registers[REG_RIP] = (greg_t)after_divide;
    if (number == SIGILL)
        registers[REG_RIP] = (greg_t)after_illegal;
    if (number == SIGTRAP)
        CHECK(registers[REG_RIP] == (greg_t)after_trap);
}

int main(void)
{
    handle(SIGFPE, handler, 0);
    handle(SIGILL, handler, 0);
    handle(SIGTRAP, handler, 0);
    __asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; mov $1, %%eax\n"
                     "divide: div %%ecx\n after_divide:\n" ::
                         : "eax", "ecx", "edx", "cc");
    __asm__ volatile("illegal: ud2\n after_illegal:\n");
    __asm__ volatile("int3\n after_trap:\n");
    CHECK(count == 3);
    CHECK(signals[0] == SIGFPE && codes[0] == FPE_INTDIV && addresses[0] == divide);
    CHECK(signals[1] == SIGILL && codes[1] == ILL_ILLOPN && addresses[1] == illegal);
    CHECK(signals[2] == SIGTRAP && codes[2] == SI_KERNEL);
    printf("%p %p\n", addresses[0], addresses[1]);
    return 0;
}
