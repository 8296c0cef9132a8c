/* For conditional.c: a place that is passed a million times, with a word that counts the passes.
 * Prints their addresses: the place, behind the loop, the word. */
#include <stdio.h>

volatile unsigned long passes;
extern const char place[], behind[];

int main(void)
{
    printf("%p %p %p\n", (const void *)place, (const void *)behind, (const void *)&passes);
    fflush(stdout);
    __asm__ volatile("1: incq %0\n"
                     "  xorl %%eax, %%eax\n"
                     ".globl place, behind\n"
                     "place: testq %%rax, %%rax\n"
                     "  cmpq $1000000, %0\n"
                     "  jne 1b\n"
                     "behind: nop\n"
                     : "+m"(passes)
                     :
                     : "rax", "cc");
    return passes == 1000000 ? 0 : 1;
}
