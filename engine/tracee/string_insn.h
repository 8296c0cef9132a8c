/*
 * String instructions, as far as those who stop tasks have to know them: with a rep prefix they can
 * be interrupted between two iterations, where the program counter is still theirs (Intel SDM
 * volume 2, "REP").
 */
#ifndef REEL_TRACEE_STRING_INSN_H
#define REEL_TRACEE_STRING_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct insn_prefixes {
    size_t length; /* bytes before the opcode: legacy prefixes and REX; all of them, if there is no
                      opcode in sight */
    bool repeats;  /* rep, repe or repne is among them */
};

struct insn_prefixes insn_prefixes(const uint8_t *bytes, size_t size);

/* ins, outs, movs, cmps, stos, lods, scas */
bool is_string_opcode(uint8_t opcode);

/* The length of the string instruction with a rep prefix that begins there; 0: it is none. */
size_t rep_string_length(const uint8_t *bytes, size_t size);

#endif
