/* int $0x80 works in a 64-bit program, with the numbers of 32-bit ones. Not recorded yet. */
/* modes: native */
#include <setjmp.h>

#include "check.h"

static sigjmp_buf back;

static void fault(int number, siginfo_t *info, void *context)
{
    siglongjmp(back, 1);
}

int main(void)
{
    handle(SIGSEGV, fault, 0);
    if (sigsetjmp(back, 1)) {
        puts("no 32-bit calls here");
        return 0;
    }
    long result = 20; /* getpid; 64-bit writev */
    __asm__ volatile("int $0x80" : "+a"(result)::"r8", "r9", "r10", "r11", "memory");
    CHECK(result == getpid() || result == -ENOSYS);
    printf("%ld\n", result);
    return 0;
}
