/* Known values in vector and x87 registers at the call of stop_here(). */
static __attribute__((noinline)) void stop_here(void)
{
    __asm__ volatile("");
}

int main(void)
{
    static const double pattern[4] = {1.5, 2.5, 3.5, 4.5};
    if (!__builtin_cpu_supports("avx"))
        return 1;
    __asm__ volatile("vmovupd %0, %%ymm3\n\tfldpi\n\t" : : "m"(pattern) : "xmm3");
    stop_here();
    __asm__ volatile("fstp %st(0)\n\t");
    __asm__ volatile("vzeroall" : : : "xmm3");
    stop_here();
    return 0;
}
