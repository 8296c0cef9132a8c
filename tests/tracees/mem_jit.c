/* Code that is written, run, written over and run again in the same place. */
#include "check.h"

int main(void)
{
    unsigned char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    int sum = 0;
    for (int i = 0; i < 100; i++) {
        unsigned char code[] = {0xb8, (unsigned char)i, 0, 0, 0, 0xc3};
        memcpy(page, code, sizeof code);
        sum += ((int (*)(void))(void *)page)();
    }
    CHECK(sum == 99 * 50);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    CHECK(((int (*)(void))(void *)page)() == 99);
    printf("%p\n", (void *)page);
    return 0;
}
