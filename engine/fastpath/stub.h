/*
 * Stubs: what the jump at the start of a window (window.h) leads to.
 *
 *   the window's instructions: offsets relative to rip are changed to reach the same place, and
 *                              conditional jumps have offsets of 32 bits
 *   movabs $behind-the-syscall, %rcx;  mov $HOOK, %r11d;  jmp *%r11
 *
 * Its instructions have the program's own registers, stack and flags; rcx and r11, which the
 * syscall overwrites, are the program's until the movabs. A conditional jump that is taken goes on
 * in the program's code.
 */
#ifndef REEL_FASTPATH_STUB_H
#define REEL_FASTPATH_STUB_H

#include "engine/base/error.h"
#include "engine/base/types.h"
#include "engine/fastpath/window.h"

#define STUB_BYTES 64 /* room for any stub */
#define STUB_JUMP_BYTES 5
#define STUB_PARTS_MAX (WINDOW_BYTES_MIN + 1)

struct stub {
    uint8_t code[STUB_BYTES];      /* int3 behind its end */
    uint8_t jump[STUB_JUMP_BYTES]; /* what the window begins with when it is patched */
    uint8_t size;                  /* of the code, in bytes */
    uint8_t length;                /* of the window */
    /* Where its instructions, and the jump to the hook as the last part, are. */
    uint8_t parts;
    uint8_t in_stub[STUB_PARTS_MAX], in_window[STUB_PARTS_MAX];
};

/*
 * The stub at `stub` for the window of `length` bytes at `start`; a syscall is to follow these.
 * `hook`: where stubs lead to (HOOK_ENTRY), below 4 GB. Whether the bytes are instructions that may
 * be moved is looked at again, whatever said that they are a window. Errors: they are not, or
 * something is out of reach (2 GB) from the stub.
 */
struct error *stub_make(const uint8_t *bytes, uint8_t length, taddr start, taddr stub, taddr hook,
                        struct stub *ret) MUST_CHECK;

/*
 * Which place in the window a task that stands `offset` bytes into the stub is at, as an offset in
 * the window: of the instruction that it is to execute next; the window's length for all of the
 * jump to the hook. There rcx and r11 may be overwritten, as the syscall is going to do anyway.
 */
uint8_t stub_place(const struct stub *stub, uint8_t offset);

#endif
