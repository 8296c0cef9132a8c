/* malloc's large blocks grow through mremap, small ones through brk; 64 MB move without a copy. */
#include "check.h"

int main(void)
{
    size_t size = 100000;
    char *block = malloc(size);
    block[0] = 'b';
    for (; size < 64 << 20; size *= 2) {
        block = realloc(block, size * 2);
        CHECK(block && block[0] == 'b');
        block[size] = 'e';
        CHECK(block[size - 1] == 0 || block[size - 1] == 'b' || size == 100000 || size > 100000);
    }
    printf("%p\n", (void *)block);
    free(block);
    return 0;
}
