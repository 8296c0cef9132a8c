/* The FS and GS bases, read and set by calls, used by instructions. */
#include <asm/prctl.h>

#include "check.h"

int main(void)
{
    static uint64_t area[2] = {0x1234, 0x5678};
    unsigned long fs = 0, gs = 1, value;
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs) == 0 && fs == (unsigned long)pthread_self());
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0 && gs == 0);
    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, area) == 0);
    __asm__ volatile("mov %%gs:8, %0" : "=r"(value));
    CHECK(value == 0x5678);
    getppid(); /* kept over a call */
    __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
    CHECK(value == 0x1234);
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0 && gs == (unsigned long)area);
    CHECK(syscall(SYS_arch_prctl, 0x7777, 0) == -1 && errno == EINVAL);
    printf("%lx\n", fs);
    return 0;
}
