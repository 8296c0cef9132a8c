/* brk and sbrk: the heap's end moves up and down, and new pages are zero again. */
#include "check.h"

int main(void)
{
    char *old = sbrk(0);
    CHECK(sbrk(3 * 4096) == old);
    memset(old, 'h', 3 * 4096);
    CHECK(brk(old + 4096) == 0);
    CHECK(sbrk(8192) == old + 4096);
    char *page = (char *)(((uintptr_t)old + 4096 + 4095) & ~4095ul);
    CHECK(old[0] == 'h' && page[0] == 0 && page[4000] == 0);
    CHECK(sbrk(1l << 46) == (void *)-1 && errno == ENOMEM);
    CHECK(brk(old) == 0 && sbrk(0) == old);
    char *block = malloc(1000); /* malloc goes on from there */
    memset(block, 1, 1000);
    printf("heap ended at %p\n", (void *)old);
    return 0;
}
