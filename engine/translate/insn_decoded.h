/*
 * A decoded instruction, for the files insn*.c only.
 */
#ifndef REEL_TRANSLATE_INSN_DECODED_H
#define REEL_TRANSLATE_INSN_DECODED_H

#include <Zydis/Zydis.h>

#include "engine/translate/insn.h"

struct decoded {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* Fills in what the instruction does to flags and registers, and how its flags can be had again. */
void insn_set_effects(const struct decoded *decoded, struct insn *insn);

/* The instruction and its operands; false if the bytes are none. */
bool insn_decode_fully(const uint8_t *bytes, size_t size, struct decoded *ret);

#endif
