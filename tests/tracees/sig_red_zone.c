/* The 128 bytes below the stack pointer belong to the code, also when a signal comes. */
#include <ucontext.h>

#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
    volatile char much[4096];
    for (size_t i = 0; i < sizeof much; i++)
        much[i] = 0x5a;
}

int main(void)
{
    handle(SIGUSR1, handler, 0);
    handle(SIGTRAP, handler, 0);
    long process = getpid(), near = 0, far = 0, result = SYS_kill, after = 0;
    __asm__ volatile("sub $256, %%rsp\n" /* away from the compiler's own use of the stack */
                     "movq $0x1234, -8(%%rsp)\n"
                     "movq $0x5678, -128(%%rsp)\n"
                     "syscall\n"
                     "int3\n"
                     "mov -8(%%rsp), %1\n"
                     "mov -128(%%rsp), %2\n"
                     "add $256, %%rsp\n"
                     : "+a"(result), "=&r"(near), "=&r"(far), "+&r"(after)
                     : "D"(process), "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory", "cc");
    CHECK(result == 0 && near == 0x1234 && far == 0x5678);
    printf("%ld\n", process);
    return 0;
}
