/* All vector registers are kept over calls, upper halves, too. */
#include "check.h"

static uint64_t in[64], out[64];

__attribute__((target("avx"))) static void over_call(void)
{
    long result = SYS_getppid;
    __asm__ volatile("vmovdqu 0(%1), %%ymm0; vmovdqu 32(%1), %%ymm5; vmovdqu 64(%1), %%ymm8\n"
                     "vmovdqu 96(%1), %%ymm15; syscall\n"
                     "vmovdqu %%ymm0, 0(%2); vmovdqu %%ymm5, 32(%2); vmovdqu %%ymm8, 64(%2)\n"
                     "vmovdqu %%ymm15, 96(%2); vzeroupper"
                     : "+a"(result)
                     : "r"(in), "r"(out)
                     : "rcx", "r11", "xmm0", "xmm5", "xmm8", "xmm15", "memory");
    CHECK(memcmp(in, out, 128) == 0);
}

__attribute__((target("avx512f"))) static void over_call_wide(void)
{
    long result = SYS_getppid, mask = 0;
    __asm__ volatile("vmovdqu64 (%2), %%zmm31; kmovw %k2, %%k3; syscall\n"
                     "vmovdqu64 %%zmm31, (%3); kmovw %%k3, %k1; vzeroupper"
                     : "+a"(result), "=r"(mask)
                     : "r"(in), "r"(out)
                     : "rcx", "r11", "xmm31", "k3", "memory");
    CHECK(memcmp(in, out, 64) == 0 && (mask & 0xffff) == ((long)(uintptr_t)in & 0xffff));
}

int main(void)
{
    for (int i = 0; i < 64; i++)
        in[i] = (uint64_t)getpid() * 0x9e3779b97f4a7c15 + (uint64_t)i;
    if (__builtin_cpu_supports("avx"))
        over_call();
    if (__builtin_cpu_supports("avx512f"))
        over_call_wide();
    printf("%lx\n", in[63]);
    return 0;
}
