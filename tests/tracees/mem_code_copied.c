/* Code with cpuid and rdrand in it that the program copies, and runs in another place. */
#include <cpuid.h>

#include "check.h"

extern const uint8_t to_copy[], to_copy_end[];
__asm__(".text\n"
        ".type to_copy, @function\n"
        ".globl to_copy, to_copy_end\n"
        "to_copy:\n"
        ".cfi_startproc\n"
        "    push %rbx\n"
        "    xor %eax, %eax\n"
        "    cpuid\n"
        "    mov %ebx, %edi\n"
        "1:  rdrand %r9\n"
        "    jnc 1b\n"
        "2:  rdrand %ecx\n"
        "    jnc 2b\n"
        "    lea (%r9, %rcx), %rax\n"
        "    xor %rdi, %rax\n"
        "    pop %rbx\n"
        "    ret\n"
        ".cfi_endproc\n"
        "to_copy_end:\n"
        ".size to_copy, . - to_copy\n");

static uint64_t call(const uint8_t *code)
{
    return ((uint64_t(*)(void))(uintptr_t)code)();
}

int main(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_RDRND))
        return 0;
    size_t size = (size_t)(to_copy_end - to_copy);
    uint8_t *late = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *at_once =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(late != MAP_FAILED && at_once != MAP_FAILED);
    memcpy(late + 5, to_copy, size);
    memcpy(at_once, to_copy, size);
    CHECK(mprotect(late, 4096, PROT_READ | PROT_EXEC) == 0);
    printf("%lx %lx %lx\n", call(to_copy), call(late + 5), call(at_once));
    return 0;
}
