/* Code mapped from files, with rdrand in it: mapped twice, dropped (MADV_DONTNEED shows the file
 * again), cut, made executable late, and unmapped. */
#include <cpuid.h>

#include "check.h"

#define PAGE 4096

static const uint8_t ask[] = {0x48, 0x0f, 0xc7, 0xf0, 0x73, 0xfa, 0xc3}; /* rdrand; jnc; ret */

static uint64_t call(const unsigned char *code)
{
    return ((uint64_t(*)(void))(uintptr_t)code)();
}

static unsigned char *map(int fd, int protection)
{
    unsigned char *code = mmap(NULL, 3 * PAGE, protection, MAP_PRIVATE, fd, 0);
    CHECK(code != MAP_FAILED);
    return code;
}

static void run(const char *name, const unsigned char *code)
{
    uint64_t value = call(code);
    printf("%s: %lx %lx\n", name, value, call(code + 2 * PAGE + 16));
}

int main(void)
{
    unsigned a, b, c, d;
    static unsigned char content[3 * PAGE];
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_RDRND))
        return 0;
    for (size_t at = 0; at < sizeof content; at++)
        content[at] = 0x90; /* nop */
    memcpy(content, ask, sizeof ask);
    memcpy(content + 2 * PAGE + 16, ask, sizeof ask);
    scratch_enter();
    int fd = scratch_file("code", content, sizeof content);
    unsigned char *first = map(fd, PROT_READ | PROT_EXEC);
    run("mapped", first);
    CHECK(madvise(first, 3 * PAGE, MADV_DONTNEED) == 0);
    run("dropped", first);
    CHECK(mprotect(first, PAGE, PROT_READ | PROT_WRITE) == 0);
    first[7] = 0xc3;
    CHECK(mprotect(first, PAGE, PROT_READ | PROT_EXEC) == 0);
    run("written", first);
    unsigned char *second = map(fd, PROT_READ);
    CHECK(memcmp(second, content, sizeof content) == 0);
    CHECK(mprotect(second, 3 * PAGE, PROT_READ | PROT_EXEC) == 0);
    run("late", second);
    CHECK(munmap(second + PAGE, PAGE) == 0);
    run("cut", second);
    CHECK(munmap(second, 3 * PAGE) == 0);
    CHECK(pread(fd, content + PAGE, PAGE, 0) == PAGE); /* the file has no patch */
    CHECK(memcmp(content + PAGE, content, PAGE) == 0);
    run("first", first);
    return 0;
}
