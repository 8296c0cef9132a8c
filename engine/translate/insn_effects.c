/*
 * What an instruction does to the flags, and how to get the flags that it left once more.
 *
 * Only instructions are named here whose flags depend on their operands alone, on every processor:
 * additions, subtractions, comparisons, and the logical ones (of which the manuals leave AF
 * undefined, and all processors clear it).
 */
#include <string.h>

#include "engine/translate/insn_decoded.h"

#define STATUS_FLAGS                                                                               \
    (ZYDIS_CPUFLAG_CF | ZYDIS_CPUFLAG_PF | ZYDIS_CPUFLAG_AF | ZYDIS_CPUFLAG_ZF |                   \
     ZYDIS_CPUFLAG_SF | ZYDIS_CPUFLAG_OF)

static insn_registers register_bit(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE)
        return 0;
    ZydisRegister general = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    if (general >= ZYDIS_REGISTER_RAX && general <= ZYDIS_REGISTER_R15)
        return 1u << (general - ZYDIS_REGISTER_RAX);
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM:
        return INSN_VECTOR_REGISTERS;
    default:
        return 0;
    }
}

static void add_operand(const ZydisDecodedOperand *operand, struct insn *insn)
{
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
        insn->reads |= register_bit(operand->mem.base) | register_bit(operand->mem.index);
        if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ &&
            operand->mem.type == ZYDIS_MEMOP_TYPE_MEM)
            insn->reads |= INSN_MEMORY;
        if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
            insn->writes |= INSN_MEMORY;
    } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        insn_registers bit = register_bit(operand->reg.value);
        if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
            insn->reads |= bit;
        if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
            insn->writes |= bit;
    }
}

/* The ways to have the flags again, by mnemonic. */
static enum insn_again again_by_mnemonic(const struct decoded *decoded)
{
    const ZydisDecodedOperand *first = &decoded->operands[0], *second = &decoded->operands[1];
    bool same = first->type == ZYDIS_OPERAND_TYPE_REGISTER && second->type == first->type &&
                first->reg.value == second->reg.value;
    switch (decoded->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_TEST:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_COMISS:
    case ZYDIS_MNEMONIC_COMISD:
    case ZYDIS_MNEMONIC_UCOMISS:
    case ZYDIS_MNEMONIC_UCOMISD:
    case ZYDIS_MNEMONIC_VCOMISS:
    case ZYDIS_MNEMONIC_VCOMISD:
    case ZYDIS_MNEMONIC_VUCOMISS:
    case ZYDIS_MNEMONIC_VUCOMISD:
        return AGAIN_SAME;
    case ZYDIS_MNEMONIC_XOR:
        return same ? AGAIN_SAME : AGAIN_TEST;
    case ZYDIS_MNEMONIC_ADD:
        return same ? AGAIN_NEVER : AGAIN_BACK_AND_FORTH;
    case ZYDIS_MNEMONIC_SUB:
        return same ? AGAIN_SAME : AGAIN_BACK_AND_FORTH;
    case ZYDIS_MNEMONIC_NEG:
        return AGAIN_TWICE;
    default:
        return AGAIN_NEVER;
    }
}

static bool writes_memory(const struct decoded *decoded)
{
    return decoded->operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
           decoded->operands[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

/* `test` tells the flags of a result in a register of 32 or 64 bits. */
static bool set_test(const struct decoded *decoded, struct insn *insn)
{
    const ZydisDecodedOperand *result = &decoded->operands[0];
    if (result->type != ZYDIS_OPERAND_TYPE_REGISTER || (result->size != 32 && result->size != 64))
        return false;
    ZydisRegister general =
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, result->reg.value);
    uint8_t number = (uint8_t)(general - ZYDIS_REGISTER_RAX);
    insn->test[0] = (uint8_t)(0x40 | (result->size == 64) << 3 | (number >> 3) * 5);
    insn->test[1] = 0x85;
    insn->test[2] = (uint8_t)(0xc0 | (number & 7) * 9);
    return true;
}

/* The opposite of an addition is the subtraction with the same operands: bits 3 and 5 of the opcode
 * or, with an immediate value, of the ModRM byte. */
static void set_opposite(const struct decoded *decoded, struct insn *insn)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    bool group = (instruction->opcode & 0xfc) == 0x80;
    insn->opposite_at =
        (uint8_t)(group ? instruction->raw.modrm.offset
                        : instruction->raw.prefix_count +
                              (instruction->attributes & ZYDIS_ATTRIB_HAS_REX &&
                               insn->bytes[instruction->raw.prefix_count] >> 4 == 4));
    if (!group && insn->bytes[insn->opposite_at] != instruction->opcode)
        insn->again = AGAIN_NEVER;
}

/* For AGAIN_BACK_AND_FORTH: the other operand is to be what it was. */
static bool result_is_operand(const struct decoded *decoded)
{
    insn_registers result = register_bit(decoded->operands[0].reg.value);
    const ZydisDecodedOperand *second = &decoded->operands[1];
    if (second->type == ZYDIS_OPERAND_TYPE_REGISTER)
        return register_bit(second->reg.value) == result;
    return second->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           (register_bit(second->mem.base) | register_bit(second->mem.index)) & result;
}

static void set_again(const struct decoded *decoded, struct insn *insn)
{
    insn->again = again_by_mnemonic(decoded);
    if (insn->relative || writes_memory(decoded))
        insn->again = AGAIN_NEVER;
    if (insn->again == AGAIN_SAME &&
        (decoded->instruction.mnemonic == ZYDIS_MNEMONIC_AND ||
         decoded->instruction.mnemonic == ZYDIS_MNEMONIC_OR) &&
        result_is_operand(decoded) && decoded->operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY)
        insn->again = AGAIN_NEVER;
    if (insn->again == AGAIN_TEST && !set_test(decoded, insn))
        insn->again = AGAIN_NEVER;
    if (insn->again == AGAIN_BACK_AND_FORTH) {
        if (result_is_operand(decoded))
            insn->again = AGAIN_NEVER;
        else
            set_opposite(decoded, insn);
    }
}

static bool is_whole_in_registers(const struct insn *insn)
{
    return !insn->relative &&
           !((insn->reads | insn->writes) & (INSN_MEMORY | INSN_VECTOR_REGISTERS));
}

void insn_set_effects(const struct decoded *decoded, struct insn *insn)
{
    const ZydisAccessedFlags *flags = decoded->instruction.cpu_flags;
    uint32_t written =
        flags ? (flags->modified | flags->set_0 | flags->set_1 | flags->undefined) & STATUS_FLAGS
              : 0;
    for (size_t i = 0; i < decoded->instruction.operand_count; i++)
        add_operand(&decoded->operands[i], insn);
    insn->writes_flags = written != 0;
    if (written != STATUS_FLAGS)
        return;
    set_again(decoded, insn);
    insn->sets_flags =
        (insn->again != AGAIN_NEVER || decoded->instruction.mnemonic == ZYDIS_MNEMONIC_ADD) &&
        is_whole_in_registers(insn);
}

size_t insn_again(const struct insn *insn, uint8_t bytes[INSN_AGAIN_MAX])
{
    size_t size = 0;
    switch (insn->again) {
    case AGAIN_NEVER:
        return 0;
    case AGAIN_TEST:
        memcpy(bytes, insn->test, sizeof(insn->test));
        return sizeof(insn->test);
    case AGAIN_SAME:
        break;
    case AGAIN_BACK_AND_FORTH:
        memcpy(bytes, insn->bytes, insn->length);
        bytes[insn->opposite_at] ^= 0x28;
        size = insn->length;
        break;
    case AGAIN_TWICE:
        memcpy(bytes, insn->bytes, insn->length);
        size = insn->length;
        break;
    }
    memcpy(bytes + size, insn->bytes, insn->length);
    return size + insn->length;
}
