/*
 * The way into the hook and out of it (hook_abi.h). On entry rcx is the address behind the
 * program's syscall instruction, and r11 is free; everything else is the program's. Its stack is
 * not touched: there may be a red zone below rsp.
 */
#define __ASSEMBLER__ 1
#include "engine/fastpath/hook_abi.h"
#include "engine/tracee/reel_page.h"

    .section .text.entry, "ax"
    .globl hook_entry, hook_kernel_call, hook_not_served, hook_leave_call
hook_entry:
    mov %rsp, HOOK_STATE + HOOK_STATE_RSP
    mov $HOOK_STACK_END, %esp
    pushfq                          /* struct hook_call, from its end */
    push %rcx
    push %rax
    push %rdi
    push %rsi
    push %rdx
    push %r10
    push %r8
    push %r9
    cld
    mov %rsp, %rdi
    push %rbx                       /* for hook_not_served */
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp                    /* aligned as the ABI wants it */
    call hook_serve
    add $56, %rsp
    mov 64(%rsp), %r11              /* what the syscall instruction leaves there */
    test %eax, %eax
    pop %r9
    pop %r8
    pop %r10
    pop %rdx
    pop %rsi
    pop %rdi
    pop %rax
    pop %rcx
    jz not_served
    cmpl $0, HOOK_STATE + HOOK_STATE_LEAVE
    jne leave
    popfq
    mov HOOK_STATE + HOOK_STATE_RSP, %rsp
    jmp *%rcx

not_served:                         /* the program's own syscall instruction: 0f 05 */
    popfq
    mov HOOK_STATE + HOOK_STATE_RSP, %rsp
    lea -2(%rcx), %rcx
    jmp *%rcx

    /* From outside, after a fault in the hook before it made the call. */
    .org HOOK_NOT_SERVED - HOOK_CODE, 0xcc
hook_not_served:
    mov $HOOK_STACK_END - 120, %esp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r9
    pop %r8
    pop %r10
    pop %rdx
    pop %rsi
    pop %rdi
    pop %rax
    pop %rcx
    jmp not_served

leave:
    mov %rcx, HOOK_STATE + HOOK_STATE_RESUME_AT
    mov %rax, HOOK_STATE + HOOK_STATE_RESULT
    popfq
    mov HOOK_STATE + HOOK_STATE_RSP, %rsp
    mov $-1, %eax                   /* no call: it is only to stop */
    jmp hook_leave_call

    .org HOOK_LEAVE_CALL - HOOK_CODE, 0xcc
hook_leave_call:
    syscall
    int3

    /* long hook_kernel_call(long number, a, b, c, d, e, f): from the instruction that is not traced */
    .balign 16
hook_kernel_call:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    mov $REEL_PAGE_CALL, %r11d
    jmp *%r11                       /* syscall; ret */

    .section .note.GNU-stack, "", @progbits
