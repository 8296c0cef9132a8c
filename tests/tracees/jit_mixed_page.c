/* Code, data and stack on one page: every write is near code. */
#include "check.h"

#define TURNS 5000

extern const char code[], code_end[];
__asm__(".pushsection .text\n"
        "code: movq %rsp, %rdx\n"
        "    movq %rsi, %rsp\n"
        "1:  addq %rdi, 9f(%rip)\n"
        "    pushq 9f(%rip)\n"
        "    call 3f\n"
        "    decq %rdi\n"
        "    jnz 1b\n"
        "    movq 9f(%rip), %rax\n"
        "    movq %rdx, %rsp\n"
        "    ret\n"
        "3:  xorq $1, 8(%rsp)\n"
        "    ret $8\n"
        "9:  .quad 0\n"
        "code_end: .popsection\n");

int main(void)
{
    char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memcpy(page, code, (size_t)(code_end - code));
    long sum = ((long (*)(long, char *))(void *)page)(TURNS, page + 4096);
    CHECK(sum == TURNS * (TURNS + 1L) / 2);
    printf("%ld\n", sum);
    return 0;
}
