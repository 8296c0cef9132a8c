/* A MAP_GROWSDOWN mapping of our own, below which there is room. */
#include "check.h"

int main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, access = PROT_READ | PROT_WRITE;
    size_t room = 8 << 20;
    char *area = mmap(NULL, room, PROT_NONE, flags | MAP_NORESERVE, -1, 0);
    CHECK(area != MAP_FAILED && munmap(area, room) == 0);
    char *top = area + room - 4096;
    CHECK(mmap(top, 4096, access, flags | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0) == top);
    for (int i = 0; i < 16; i++)
        ((volatile char *)top)[-i * 4096] = (char)i;
    CHECK(top[-15 * 4096] == 15 && top[-4096 - 1] == 0);
    printf("%p\n", (void *)top);
    return 0;
}
