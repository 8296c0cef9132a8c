/*
 * Whether a file is a program that we cannot trace.
 */
#ifndef REEL_TRACEE_ELF_CLASS_H
#define REEL_TRACEE_ELF_CLASS_H

#include <stdbool.h>

/* An ELF file of class 32 (elf(5)). false for anything that cannot be read. */
bool elf_is_32_bit(const char *path);

#endif
