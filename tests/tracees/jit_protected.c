/* A page that may be written or executed, in turn. */
#include "check.h"

int main(void)
{
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    long sum = 0;
    for (int i = 0; i < 60; i++) {
        unsigned char code[] = {0x8d, 0x47, (unsigned char)i, 0xc3}; /* lea i(%rdi), %eax; ret */
        CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
        memcpy(page, code, sizeof code);
        CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
        for (int j = 0; j < 300; j++)
            sum += ((int (*)(int))(void *)page)(j);
    }
    CHECK(sum == 60L * 299 * 150 + 300L * 59 * 30);
    printf("%ld\n", sum);
    return 0;
}
