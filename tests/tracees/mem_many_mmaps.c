/* A few hundred mappings of differing protection, half of them removed in between. */
#include "check.h"

enum { MAPPINGS = 300 };

int main(void)
{
    static char *map[MAPPINGS];
    for (int i = 0; i < MAPPINGS; i++) {
        size_t size = (size_t)(i % 5 + 1) * 4096;
        map[i] = mmap(NULL, size, i % 3 ? PROT_READ | PROT_WRITE : PROT_READ,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(map[i] != MAP_FAILED && map[i][0] == 0);
        if (i % 3)
            map[i][size - 1] = (char)i;
        if (i % 2)
            CHECK(munmap(map[i - 1], ((size_t)(i - 1) % 5 + 1) * 4096) == 0);
    }
    unsigned long sum = 0;
    for (int i = 1; i < MAPPINGS; i += 2) {
        CHECK(map[i][(size_t)(i % 5 + 1) * 4096 - 1] == (i % 3 ? (char)i : 0));
        sum += (uintptr_t)map[i];
    }
    printf("%lx\n", sum);
    return 0;
}
