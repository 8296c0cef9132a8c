#include "engine/fastpath/window_insn.h"

#include <Zydis/Zydis.h>

static bool decode(const uint8_t *bytes, size_t size, ZydisDecodedInstruction *ret)
{
    static _Thread_local ZydisDecoder decoder;
    static _Thread_local bool ready;
    if (!ready)
        ready = ZYAN_SUCCESS(
            ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
    return ready && ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, size, ret));
}

/* --- What may be moved ----------------------------------------------------------------------- */

/* Of categories that have unusual ones as well: cpuid, ud2, monitor, enter, cli … */
static bool is_usual(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_CLC:
    case ZYDIS_MNEMONIC_CLD:
    case ZYDIS_MNEMONIC_LEA:
    case ZYDIS_MNEMONIC_LEAVE:
    case ZYDIS_MNEMONIC_LFENCE:
    case ZYDIS_MNEMONIC_MFENCE:
    case ZYDIS_MNEMONIC_SFENCE:
    case ZYDIS_MNEMONIC_PAUSE:
        return true;
    default:
        return false;
    }
}

/* A list of what may, since new instructions keep being invented. No-operations are not in it:
 * they are what lies between functions, of whose starts not all are known. */
static bool is_computation(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_BINARY:
    case ZYDIS_CATEGORY_LOGICAL:
    case ZYDIS_CATEGORY_SHIFT:
    case ZYDIS_CATEGORY_ROTATE:
    case ZYDIS_CATEGORY_BITBYTE:
    case ZYDIS_CATEGORY_BMI1:
    case ZYDIS_CATEGORY_BMI2:
    case ZYDIS_CATEGORY_SETCC:
    case ZYDIS_CATEGORY_CMOV:
    case ZYDIS_CATEGORY_CONVERT:
    case ZYDIS_CATEGORY_SSE:
    case ZYDIS_CATEGORY_LOGICAL_FP:
    case ZYDIS_CATEGORY_AVX:
    case ZYDIS_CATEGORY_AVX2:
    case ZYDIS_CATEGORY_AVX512:
    case ZYDIS_CATEGORY_BROADCAST:
        return true;
    case ZYDIS_CATEGORY_DATAXFER: /* not into segment registers: what follows ss is shielded */
        return instruction->mnemonic != ZYDIS_MNEMONIC_MOV ||
               instruction->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT || instruction->opcode != 0x8e;
    case ZYDIS_CATEGORY_PUSH: /* not the flags, not segment registers */
        return instruction->mnemonic == ZYDIS_MNEMONIC_PUSH &&
               instruction->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
    case ZYDIS_CATEGORY_POP:
        return instruction->mnemonic == ZYDIS_MNEMONIC_POP &&
               instruction->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
    default:
        return is_usual(instruction->mnemonic);
    }
}

/* The two forms without prefixes, whose meaning processors differ in. */
static bool is_plain_branch(const ZydisDecodedInstruction *instruction)
{
    bool is_short = instruction->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
                    (instruction->opcode & 0xf0) == 0x70 && instruction->length == 2;
    bool is_near = instruction->opcode_map == ZYDIS_OPCODE_MAP_0F &&
                   (instruction->opcode & 0xf0) == 0x80 && instruction->length == 6;
    return is_short || is_near;
}

#define REFUSED_PREFIXES                                                                           \
    (ZYDIS_ATTRIB_HAS_LOCK | ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |                        \
     ZYDIS_ATTRIB_HAS_REPNE | ZYDIS_ATTRIB_HAS_XACQUIRE | ZYDIS_ATTRIB_HAS_XRELEASE)

static enum window_move move_of(const ZydisDecodedInstruction *instruction)
{
    if (instruction->meta.category == ZYDIS_CATEGORY_COND_BR)
        return is_plain_branch(instruction) ? MOVE_BRANCH : MOVE_NEVER;
    if (instruction->attributes & (ZYDIS_ATTRIB_IS_PRIVILEGED | REFUSED_PREFIXES) ||
        !is_computation(instruction))
        return MOVE_NEVER;
    if (!(instruction->attributes & ZYDIS_ATTRIB_IS_RELATIVE))
        return MOVE_PLAIN;
    /* With an address of 32 bits it wraps around elsewhere. */
    return instruction->raw.disp.size == 32 && instruction->address_width == 64 ? MOVE_RELATIVE
                                                                                : MOVE_NEVER;
}

/* --- Where it leads -------------------------------------------------------------------------- */

/* rip-relative without an index: a pointer of the linker's, not a table of the function's. */
static bool is_through_pointer(const ZydisDecodedInstruction *instruction)
{
    return instruction->raw.modrm.mod == 0 && instruction->raw.modrm.rm == 5;
}

static void set_flow(const ZydisDecodedInstruction *instruction, struct window_insn *ret)
{
    bool is_direct = instruction->raw.imm[0].is_relative;
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_UNCOND_BR:
        ret->ends = true;
        ret->jumps_by_table = !is_direct && !is_through_pointer(instruction);
        break;
    case ZYDIS_CATEGORY_RET:
        ret->ends = true;
        break;
    default:
        ret->ends = instruction->mnemonic == ZYDIS_MNEMONIC_UD2 ||
                    instruction->mnemonic == ZYDIS_MNEMONIC_HLT;
    }
    ret->is_branch = is_direct;
    ret->has_target = is_direct || instruction->attributes & ZYDIS_ATTRIB_IS_RELATIVE;
    ret->target = instruction->length;
    if (ret->has_target)
        ret->target += is_direct ? instruction->raw.imm[0].value.s : instruction->raw.disp.value;
}

bool window_insn_decode(const uint8_t *bytes, size_t size, struct window_insn *ret)
{
    ZydisDecodedInstruction instruction;
    if (!decode(bytes, size, &instruction))
        return false;
    *ret = (struct window_insn){
        .length = instruction.length,
        .move = move_of(&instruction),
        .condition = (uint8_t)(0x80 | (instruction.opcode & 0x0f)),
        .is_landing = instruction.mnemonic == ZYDIS_MNEMONIC_ENDBR64,
        .is_privileged = instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED,
    };
    if (ret->move == MOVE_RELATIVE)
        ret->relative_at = instruction.raw.disp.offset;
    set_flow(&instruction, ret);
    return true;
}
