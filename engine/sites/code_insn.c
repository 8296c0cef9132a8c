#include "engine/sites/code_insn.h"

#include <Zydis/Zydis.h>
#include <string.h>

static bool is_site(const ZydisDecodedInstruction *instruction)
{
    return instruction->mnemonic == ZYDIS_MNEMONIC_CPUID ||
           instruction->mnemonic == ZYDIS_MNEMONIC_RDRAND ||
           instruction->mnemonic == ZYDIS_MNEMONIC_RDSEED;
}

/* rip-relative without an index: a pointer of the linker's, not a table of the function's. */
static bool is_through_pointer(const ZydisDecodedInstruction *instruction)
{
    return (instruction->attributes & ZYDIS_ATTRIB_HAS_MODRM) && instruction->raw.modrm.mod == 0 &&
           instruction->raw.modrm.rm == 5;
}

static enum code_flow flow_of(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
        return CODE_BRANCHES;
    case ZYDIS_CATEGORY_UNCOND_BR:
        if (instruction->raw.imm[0].is_relative)
            return CODE_JUMPS;
        return is_through_pointer(instruction) ? CODE_ENDS : CODE_JUMPS_BY_TABLE;
    case ZYDIS_CATEGORY_RET:
        return CODE_ENDS;
    default:
        return instruction->mnemonic == ZYDIS_MNEMONIC_UD2 ||
                       instruction->mnemonic == ZYDIS_MNEMONIC_HLT
                   ? CODE_ENDS
                   : CODE_GOES_ON;
    }
}

/* What others may see, or may have changed: not what is on the stack for this function alone. */
static bool touches_memory(const ZydisDecodedInstruction *instruction)
{
    bool addresses = (instruction->attributes & ZYDIS_ATTRIB_HAS_MODRM) &&
                     instruction->raw.modrm.mod != 3 &&
                     instruction->mnemonic != ZYDIS_MNEMONIC_LEA &&
                     instruction->meta.category != ZYDIS_CATEGORY_WIDENOP;
    bool by_stack_pointer = (instruction->attributes & ZYDIS_ATTRIB_HAS_SIB) &&
                            instruction->raw.sib.base == 4 && instruction->raw.rex.B == 0;
    return (addresses && !by_stack_pointer) ||
           instruction->meta.category == ZYDIS_CATEGORY_STRINGOP;
}

static bool is_direct_call(const ZydisDecodedInstruction *instruction)
{
    return instruction->meta.category == ZYDIS_CATEGORY_CALL && instruction->raw.imm[0].is_relative;
}

bool code_insn_decode(const uint8_t *bytes, size_t size, struct code_insn *ret)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    if (!ZYAN_SUCCESS(
            ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)) ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, size, &instruction)))
        return false;
    *ret = (struct code_insn){
        .length = instruction.length,
        .is_site = is_site(&instruction),
        .is_privileged = instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED,
        .touches_memory = touches_memory(&instruction),
        .is_call = is_direct_call(&instruction),
        .flow = flow_of(&instruction),
    };
    if (ret->is_call || ret->flow == CODE_BRANCHES || ret->flow == CODE_JUMPS)
        ret->target = instruction.length + instruction.raw.imm[0].value.s;
    return true;
}

/* 0f a2 is cpuid; 0f c7 with a ModRM byte from f0 on is rdrand, from f8 on rdseed. */
size_t code_find_candidate(const uint8_t *bytes, size_t size, size_t from)
{
    while (from + 1 < size) {
        const uint8_t *found = memchr(bytes + from, 0x0f, size - from - 1);
        if (!found)
            break;
        from = (size_t)(found - bytes);
        if (found[1] == 0xa2 || (found[1] == 0xc7 && from + 2 < size && found[2] >= 0xf0))
            return from;
        from++;
    }
    return size;
}
