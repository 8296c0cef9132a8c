/* Functions of many sizes, one after the other in the same place, each called often; and two that
 * take turns. */
#include "check.h"

static unsigned char *page;

static int call(int value)
{
    return ((int (*)(int))(void *)page)(value);
}

/* eax = edi, plus 1 `additions` times. */
static void generate(int additions)
{
    unsigned char *to = page;
    *to++ = 0x89; /* mov %edi, %eax */
    *to++ = 0xf8;
    for (int i = 0; i < additions; i++) {
        *to++ = 0xff; /* inc %eax */
        *to++ = 0xc0;
    }
    *to = 0xc3;
}

int main(void)
{
    long sum = 0;
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    for (int additions = 0; additions < 120; additions++) {
        generate(additions);
        for (int i = 0; i < 20; i++) {
            CHECK(call(i) == i + additions);
            sum += call(i);
        }
        if (additions % 40 == 0)
            CHECK(getppid() > 0);
    }
    for (int i = 0; i < 2000; i++) {
        generate(i % 2 ? 3 : 70);
        sum += call(i);
    }
    printf("%ld\n", sum);
    return 0;
}
