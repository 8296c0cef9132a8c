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

/* The instruction and its operands; false if the bytes are none. */
bool insn_decode_fully(const uint8_t *bytes, size_t size, struct decoded *ret);

#endif
