/* Over a call all registers are kept but rax, rcx (the address after it) and r11 (the flags). */
#include "check.h"

extern char after_call[];

int main(void)
{
    uint64_t rax = SYS_getpid, rcx = 1, r11 = 2, rbx = 0, r8 = 0, r15 = 0, flags = 0;
    __asm__ volatile("mov $0x1111, %%rbx; mov $0x2222, %%r8; mov $0x3333, %%r15\n"
                     "stc; std; syscall\nafter_call:\n"
                     "pushfq; cld; popq %%r9; mov %%r9, %3\n"
                     "mov %%rcx, %1; mov %%r11, %2\n"
                     "mov %%rbx, %4; mov %%r8, %5; mov %%r15, %6\n"
                     "cld\n"
                     : "+a"(rax), "=m"(rcx), "=m"(r11), "=m"(flags), "=m"(rbx), "=m"(r8), "=m"(r15)
                     :
                     : "rcx", "r11", "rbx", "r8", "r9", "r15", "cc", "memory");
    CHECK(rax == (uint64_t)getpid() && rcx == (uint64_t)after_call);
    CHECK((r11 & 0x401) == 0x401 && (flags & 0x401) == 0x401); /* carry, direction */
    CHECK((r11 & 0x100) == 0); /* no trap flag left by a debugger's step */
    CHECK(rbx == 0x1111 && r8 == 0x2222 && r15 == 0x3333);
    printf("%lu %lx\n", rax, rcx);
    return 0;
}
