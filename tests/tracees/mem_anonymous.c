/* Anonymous memory: zero at first, at an address of the kernel's choice or ours. */
#include "check.h"

int main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(map != MAP_FAILED);
    for (size_t i = 0; i < 1 << 20; i += 512)
        CHECK(map[i] == 0);
    memset(map, 1, 1 << 20);
    char *hint = (char *)0x123456789000;
    char *hinted = mmap(hint, 4096, PROT_READ, flags, -1, 0);
    CHECK(hinted != MAP_FAILED);
    char *refused = mmap(hinted, 4096, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(refused == MAP_FAILED && errno == EEXIST);
    CHECK(mmap(NULL, 0, PROT_READ, flags, -1, 0) == MAP_FAILED && errno == EINVAL);
    char *large = mmap(NULL, 1ul << 36, PROT_NONE, flags | MAP_NORESERVE, -1, 0);
    CHECK(large != MAP_FAILED); /* 64 GB that nobody may read into a trace */
    char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags | MAP_32BIT, -1, 0);
    CHECK(low != MAP_FAILED && (uintptr_t)low < 1ul << 32);
    printf("%p %p %p %p\n", (void *)map, (void *)hinted, (void *)large, (void *)low);
    return 0;
}
