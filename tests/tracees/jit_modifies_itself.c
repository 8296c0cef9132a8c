/* A loop that writes the operand of the instruction right behind the write, and of one at its top.
 */
#include "check.h"

#define TURNS 3000

extern const char code[], code_end[];
__asm__(".pushsection .text\n"
        "code: xorl %eax, %eax\n"
        "1:  addl $0, %eax\n" /* + the turns so far, a byte */
        "2:  movb %dil, 4f-1(%rip)\n"
        "    .byte 0x83, 0xc0, 0\n" /* add $dil, %eax, which is not this at first */
        "4:  incb 1b+2(%rip)\n"
        "    decl %edi\n"
        "    jnz 1b\n"
        "    ret\n"
        "code_end: .popsection\n");

static int expected(int turns)
{
    int sum = 0;
    for (int i = 0; i < turns; i++)
        sum += (signed char)i + (signed char)(turns - i);
    return sum;
}

int main(void)
{
    char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memcpy(page, code, (size_t)(code_end - code));
    CHECK(((int (*)(int))(void *)page)(TURNS) == expected(TURNS));
    printf("%d\n", expected(TURNS));
    return 0;
}
