/*
 * The reel page: one page of code at the same fixed address in every tracee and every vessel, and
 * behind it, in tracees, the scratch memory of blocked calls.
 *
 *   0x70000000  syscall; ret      calls from here pass the seccomp filter unseen (injected calls,
 * and the hook's: engine/fastpath/hook_abi.h) 0x70000010  syscall; int3     calls from here are
 * traced 0x70000800  what injected calls point to, if it is small 0x70002000  the fast path: code,
 * state, stack (engine/fastpath/hook_abi.h) 0x70010000  scratch memory, up to 0x76000000 (only
 * while recording) 0x76000000  slots of the fast path (likewise)
 *
 * The area lies below AddressSanitizer's shadow (0x7fff8000) and above what non-PIE programs use.
 */
#ifndef REEL_TRACEE_REEL_PAGE_H
#define REEL_TRACEE_REEL_PAGE_H

#ifdef __ASSEMBLER__
#define REEL_PAGE 0x70000000
#else
#define REEL_PAGE 0x70000000ul
#endif
#define REEL_PAGE_CALL REEL_PAGE /* an untraced `syscall` */
#define REEL_PAGE_AFTER_CALL                                                                       \
    (REEL_PAGE + 2) /* what the filter compares: the instruction pointer behind it */
#define REEL_PAGE_TRACED_CALL (REEL_PAGE + 16)

#define REEL_PAGE_DATA (REEL_PAGE + 0x800)

#define REEL_SCRATCH (REEL_PAGE + 0x10000)
#define REEL_AREA_END 0x78000000ul
#define REEL_SCRATCH_END 0x76000000ul
#define REEL_SCRATCH_BYTES (REEL_SCRATCH_END - REEL_SCRATCH)

/* The page's contents. */
#define REEL_PAGE_CODE                                                                             \
    {                                                                                              \
        0x0f, 0x05, 0xc3, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,  \
            0xcc, 0x0f, 0x05, 0xcc, 0xcc,                                                          \
    }

#endif
