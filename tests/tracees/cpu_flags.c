/* The flags pushed by the program show no trap flag, and are kept over calls and signals. */
#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
    __asm__ volatile("xor %%eax, %%eax" ::: "eax", "cc");
}

static uint64_t read_flags(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags;
}

int main(void)
{
    handle(SIGTRAP, handler, 0);
    for (int i = 0; i < 100; i++)
        CHECK((read_flags() & 0x100) == 0);
    uint64_t flags;
    __asm__ volatile("mov $0x7f, %%al; add $1, %%al; stc; int3; pushfq; popq %0"
                     : "=r"(flags)
                     :
                     : "eax", "cc", "memory");
    CHECK((flags & 0x881) == 0x881); /* overflow, sign, carry */
    printf("%lx %d\n", flags, (int)getpid());
    return 0;
}
