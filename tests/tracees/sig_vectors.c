/* Vector registers are kept over a handler that uses them all. */
#include <immintrin.h>

#include "check.h"

static void handler(int number, siginfo_t *info, void *context)
{
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::: "xmm0", "xmm1", "xmm15");
    else
        __asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm15, %%xmm15" ::: "xmm0", "xmm15");
}

__attribute__((target("avx"))) static void wide(void)
{
    uint64_t in[4] = {1, 2, 3, (uint64_t)getpid()}, low[4], high[4];
    __asm__ volatile("vmovdqu %2, %%ymm0; vmovdqu %2, %%ymm15; int3\n"
                     "vmovdqu %%ymm0, %0; vmovdqu %%ymm15, %1; vzeroupper"
                     : "=m"(low), "=m"(high)
                     : "m"(in)
                     : "xmm0", "xmm15");
    CHECK(memcmp(in, low, 32) == 0 && memcmp(in, high, 32) == 0);
}

int main(void)
{
    handle(SIGTRAP, handler, 0);
    handle(SIGUSR1, handler, 0);
    uint64_t in[2] = {5, (uint64_t)getpid()}, out[2];
    long result = SYS_kill;
    __asm__ volatile("movdqu %2, %%xmm15; syscall; movdqu %%xmm15, %1"
                     : "+a"(result), "=m"(out)
                     : "m"(in), "D"((long)getpid()), "S"((long)SIGUSR1)
                     : "rcx", "r11", "xmm15", "memory");
    CHECK(memcmp(in, out, 16) == 0);
    if (__builtin_cpu_supports("avx"))
        wide();
    printf("%lu\n", out[1]);
    return 0;
}
