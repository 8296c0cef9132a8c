/* Two shared mappings of one object, one writable, one executable, as JIT compilers have them: a
 * write to the one is a write to the other. */
#include "check.h"

int main(void)
{
    int fd = memfd_create("code", 0);
    CHECK(ftruncate(fd, 4096) == 0);
    unsigned char *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned char *runnable = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(writable != MAP_FAILED && runnable != MAP_FAILED);
    for (int i = 0; i < 10; i++) {
        unsigned char code[] = {0xb8, 0, 0, 0, 0, 0xc3}; /* mov $i, %eax; ret */
        int value = i * getpid();
        memcpy(code + 1, &value, 4);
        memcpy(writable, code, sizeof code);
        CHECK(((int (*)(void))(void *)runnable)() == value);
    }
    printf("%p and %p\n", (void *)writable, (void *)runnable);
    return 0;
}
