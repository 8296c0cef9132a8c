/* Code that copies other code over what comes next, with a string instruction. */
#include "check.h"

extern const char code[], code_end[];
/* rsi: 8 bytes of instructions that are to replace the eight at `4` */
__asm__(".pushsection .text\n"
        "code: movl %edi, %eax\n"
        "    leaq 4f(%rip), %rdi\n"
        "    movl $8, %ecx\n"
        "    rep movsb\n"
        "4:  nop; nop; nop; nop; nop; nop; nop; nop\n"
        "    ret\n"
        "code_end: .popsection\n");

int main(void)
{
    char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memcpy(page, code, (size_t)(code_end - code));
    int (*function)(int, const void *) = (int (*)(int, const void *))(void *)page;
    long sum = 0;
    for (int i = 0; i < 1000; i++) {
        /* lea i(%rax,%rax), %eax; or inc %eax four times */
        unsigned char twice[8] = {0x67, 0x8d, 0x44, 0x00, (unsigned char)(i % 100),
                                  0x90, 0x90, 0x90};
        unsigned char plus4[8] = {0xff, 0xc0, 0xff, 0xc0, 0xff, 0xc0, 0xff, 0xc0};
        int result = function(i, i % 3 ? twice : plus4);
        CHECK(result == (i % 3 ? 2 * i + i % 100 : i + 4));
        sum += result;
    }
    printf("%ld\n", sum);
    return 0;
}
