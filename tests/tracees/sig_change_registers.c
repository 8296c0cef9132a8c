/* A handler changes registers in its context; they are so after its return. */
#include <ucontext.h>

#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    CHECK(registers[REG_RBX] == 0x1111);
    registers[REG_RBX] = getpid();
    registers[REG_R15] = 0x7777;
    registers[REG_EFL] ^= 1; /* carry */
    ((ucontext_t *)context)->uc_mcontext.fpregs->_xmm[7].element[0] = 0xabcd;
}

int main(void)
{
    handle(SIGTRAP, handler, 0);
    long rbx = 0, r15 = 0, xmm = 0;
    unsigned char carry;
    __asm__ volatile("mov $0x1111, %%rbx; xor %%r15, %%r15; pxor %%xmm7, %%xmm7; clc; int3\n"
                     "setc %2; mov %%rbx, %0; mov %%r15, %1; movq %%xmm7, %3"
                     : "=r"(rbx), "=r"(r15), "=q"(carry), "=r"(xmm)
                     :
                     : "rbx", "r15", "xmm7", "cc");
    CHECK(rbx == getpid() && r15 == 0x7777 && carry == 1 && xmm == 0xabcd);
    printf("%ld\n", rbx);
    return 0;
}
