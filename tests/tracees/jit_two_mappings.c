/* Code that is written through another mapping of its memory: by C, and by itself. */
#include "check.h"

extern const char code[], code_end[];
/* Adds up edi: writes it by way of rsi, the other mapping's address of `4` - 4, and adds what
 * stands there. */
__asm__(".pushsection .text\n"
        "code: xorl %eax, %eax\n"
        "1:  movl %edi, (%rsi)\n"
        "    jmp 2f\n"
        "2:  addl $0x55555555, %eax\n"
        "4:  decl %edi\n"
        "    jnz 1b\n"
        "    ret\n"
        "code_end: .popsection\n");

int main(void)
{
    int fd = memfd_create("code", 0);
    CHECK(ftruncate(fd, 8192) == 0);
    char *writable = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *runnable = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(writable != MAP_FAILED && runnable != MAP_FAILED);
    size_t size = (size_t)(code_end - code);
    long sum = 0;
    for (int i = 0; i < 20; i++) { /* also across the boundary of the pages */
        size_t at = (size_t)(4096 - i);
        memcpy(writable + at, code, size);
        const char *behind = memchr(runnable + at, 0x55, size);
        CHECK(behind);
        sum += ((int (*)(int, char *))(void *)(runnable + at))(100 + i,
                                                               writable + (behind - runnable));
    }
    long expected = 0;
    for (int i = 0; i < 20; i++)
        expected += (100 + i) * (101 + i) / 2;
    CHECK(sum == expected);
    printf("%ld\n", sum);
    return 0;
}
