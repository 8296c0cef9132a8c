/* Constants in data, in code, and in instructions, that look like cpuid, rdrand and rdseed: they
 * are what they are. */
#include "check.h"

#define LOOKALIKES 0x0fa2, 0xa20f, 0xc70f, 0xf0c7, 0x0fa2, 0xf8c7, 0xc70f, 0xffc7

static const uint16_t in_rodata[] = {LOOKALIKES};
static uint16_t in_data[] = {LOOKALIKES};
extern const uint8_t between_functions[6], within_function[8], behind_jump[3];

/* A function's constants, as cryptographic libraries have them in .text; one without a symbol or
 * unwind information of its own, between functions; one that a jump leads over. */
__asm__(".text\n"
        ".globl between_functions, within_function, behind_jump, sum_of_constants\n"
        "between_functions: .byte 0x90, 0x0f, 0xa2, 0x0f, 0xc7, 0xf1\n"
        ".type sum_of_constants, @function\n"
        "sum_of_constants:\n"
        ".cfi_startproc\n"
        "    lea within_function(%rip), %rdx\n"
        "    mov (%rdx), %rax\n"
        "    jmp 1f\n"
        "behind_jump: .byte 0x0f, 0xa2, 0xc3\n"
        "1:  movabs $0xa20fa20fa20fa20f, %rcx\n"
        "    add %rcx, %rax\n"
        "    mov $0xf0c70fa2, %ecx\n"
        "    add %rcx, %rax\n"
        "    lea 0x00f0c70f(%rax), %rax\n"
        "    ret\n"
        ".balign 8\n"
        "within_function: .byte 0x0f, 0xa2, 0x0f, 0xc7, 0xf8, 0x0f, 0xa2, 0xc3\n"
        ".cfi_endproc\n"
        ".size sum_of_constants, . - sum_of_constants\n");
uint64_t sum_of_constants(void);

static void print_bytes(const char *name, const void *start, size_t size)
{
    printf("%s", name);
    for (size_t i = 0; i < size; i++)
        printf(" %02x", ((const uint8_t *)start)[i]);
    printf("\n");
}

int main(void)
{
    static const uint8_t between[] = {0x90, 0x0f, 0xa2, 0x0f, 0xc7, 0xf1};
    static const uint8_t within[] = {0x0f, 0xa2, 0x0f, 0xc7, 0xf8, 0x0f, 0xa2, 0xc3};
    static const uint8_t behind[] = {0x0f, 0xa2, 0xc3};
    CHECK(memcmp(in_rodata, in_data, sizeof in_data) == 0);
    CHECK(memcmp(between_functions, between, sizeof between) == 0);
    CHECK(memcmp(within_function, within, sizeof within) == 0);
    CHECK(memcmp(behind_jump, behind, sizeof behind) == 0);
    CHECK(sum_of_constants() == 0xc3a20ff8c70fa20f + 0xa20fa20fa20fa20f + 0xf0c70fa2 + 0x00f0c70f);
    print_bytes("rodata", in_rodata, sizeof in_rodata);
    print_bytes("data", in_data, sizeof in_data);
    print_bytes("text", within_function, sizeof within);
    return 0;
}
