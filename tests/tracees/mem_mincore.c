/* mincore: a byte a page, whose other bits are the kernel's own affair; mlock brings pages in. */
#include "check.h"

int main(void)
{
    char *map = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char state[9];
    memset(state, 0x5a, sizeof state);
    map[4096] = 1;
    CHECK(mincore(map, 8 * 4096, state) == 0);
    CHECK((state[1] & 1) == 1 && (state[5] & 1) == 0 && state[8] == 0x5a);
    CHECK(munmap(map + 4096, 4096) == 0);
    CHECK(mincore(map, 8 * 4096, state) == -1 && errno == ENOMEM);
    if (mlock(map + 5 * 4096, 4096) == 0) {
        CHECK(mincore(map + 5 * 4096, 4096, state) == 0 && (state[0] & 1) == 1);
        CHECK(munlock(map + 5 * 4096, 4096) == 0);
    }
    printf("%p\n", (void *)map);
    return 0;
}
