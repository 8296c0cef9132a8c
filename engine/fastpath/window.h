/*
 * Windows: the whole instructions right before a `syscall`, five bytes or more of them, that may
 * give way to a jump to a stub (hook_abi.h, stub.h).
 *
 *   start           start + length = the site
 *   |insn|insn|insn |syscall
 *   |jmp stub|..    |syscall        patched: what is behind the five bytes stays as it is
 *
 * Nothing may ever go on in the middle of a window. So there is none where a branch leads there,
 * and none with instructions that control does not simply go through (calls: they return there) or
 * that cannot be moved (stub.h). The start may be a branch target, and the site too: that call is
 * then traced.
 *
 * Where functions are known, instructions are what is come to along the function's branches. Tables
 * of functions err, though: sweeps, from several starting points before the site, must agree. Where
 * none is known, what lies between two places that are called is taken for one, and if they are not
 * to be found, what sweeps agree on is all. In functions that jump by a table, whose entries are
 * not looked at, and where there are none, a window is one instruction. Better to find none, the
 * call then costs stops as ever, than a wrong one.
 *
 * What is left out: a branch from another function by an offset of 8 bits, or by a table; and
 * addresses in data of what is in the middle of a window but the start of no function. Compilers
 * make neither.
 */
#ifndef REEL_FASTPATH_WINDOW_H
#define REEL_FASTPATH_WINDOW_H

#include "engine/base/error.h"
#include "engine/base/types.h"

#define WINDOW_BYTES_MIN 5  /* jmp with an offset of 32 bits */
#define WINDOW_BYTES_MAX 19 /* four bytes too few, and the longest instruction */

struct window {
    uint64_t start; /* of its first instruction: an offset in the file, or in the code given */
    uint8_t length; /* in bytes, up to the syscall; 0: there is none */
};

/* What is known of a file's code. The descriptor is the caller's, and must stay open. */
struct window_file;

/* Reads the file's tables of functions. A file that is no program for this machine has no windows.
 * Nothing in the file is trusted, nor that it stays as it is. */
struct error *window_file_open(int fd, struct window_file **ret) MUST_CHECK;
void window_file_close(struct window_file *file); /* NULL is ignored */

/* The window of the `syscall` at an offset in the file. Errors: reading fails, memory. */
struct error *window_file_find(const struct window_file *file, uint64_t site_offset,
                               struct window *ret) MUST_CHECK;

/* All three, for a single site. */
struct error *windows_in_file(int fd, uint64_t site_offset, struct window *ret) MUST_CHECK;

/* The window of the `syscall` at `site`, an offset in `code`, of which nothing else is known. There
 * should be 1 KB before the site (with less than 68 bytes nothing is found), and as much on both
 * sides as may have branches to it, and calls of the functions around it. Errors: memory. */
struct error *windows_in_memory(const uint8_t *code, size_t size, size_t site,
                                struct window *ret) MUST_CHECK;

#endif
