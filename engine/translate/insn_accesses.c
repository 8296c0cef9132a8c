#include "engine/translate/insn_accesses.h"

#include <string.h>

#include "engine/translate/insn_decoded.h"

#define FLAG_DIRECTION 0x400ull

/* What XSAVE and its like touch at most: how much, their operands do not say. */
#define XSAVE_BYTES 16384

/* --- Instructions that are not what their operands say --------------------------------------- */

static bool touches_nothing(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_LEA:
    case ZYDIS_MNEMONIC_CLFLUSH:
    case ZYDIS_MNEMONIC_CLFLUSHOPT:
    case ZYDIS_MNEMONIC_CLWB:
    case ZYDIS_MNEMONIC_CLDEMOTE:
        return true;
    default:
        return instruction->meta.category == ZYDIS_CATEGORY_NOP ||
               instruction->meta.category == ZYDIS_CATEGORY_WIDENOP ||
               instruction->meta.category == ZYDIS_CATEGORY_PREFETCH;
    }
}

/* The bit that a register names may lie anywhere, xlat's byte too; pop's operand may depend on rsp
 * as it is afterwards. */
static bool is_elsewhere(const struct decoded *decoded, const ZydisDecodedOperand *operand)
{
    switch (decoded->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
        return decoded->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    case ZYDIS_MNEMONIC_XLAT:
        return true;
    case ZYDIS_MNEMONIC_POP:
        return operand->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
    default:
        return operand->mem.type != ZYDIS_MEMOP_TYPE_MEM ||
               decoded->instruction.address_width != 64;
    }
}

static bool is_string(const ZydisDecodedInstruction *instruction)
{
    return instruction->meta.category == ZYDIS_CATEGORY_STRINGOP;
}

static bool is_masked(const struct decoded *decoded)
{
    switch (decoded->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_MASKMOVQ:
    case ZYDIS_MNEMONIC_MASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VMASKMOVPD:
    case ZYDIS_MNEMONIC_VPMASKMOVD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ:
        return true;
    default:
        return decoded->instruction.avx.mask.mode != ZYDIS_MASK_MODE_INVALID &&
               decoded->instruction.avx.mask.mode != ZYDIS_MASK_MODE_DISABLED;
    }
}

static bool is_saving(const ZydisDecodedInstruction *instruction)
{
    return instruction->meta.category == ZYDIS_CATEGORY_XSAVE ||
           instruction->meta.category == ZYDIS_CATEGORY_XSAVEOPT;
}

/* --- Operands -------------------------------------------------------------------------------- */

static uint8_t register_of(ZydisRegister reg)
{
    return reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15
               ? (uint8_t)(reg - ZYDIS_REGISTER_RAX)
               : NO_REGISTER;
}

static uint8_t segment_of(ZydisRegister segment)
{
    return segment == ZYDIS_REGISTER_FS   ? SEGMENT_FS
           : segment == ZYDIS_REGISTER_GS ? SEGMENT_GS
                                          : SEGMENT_FLAT;
}

static bool is_stack(const ZydisDecodedOperand *operand)
{
    return operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
           operand->mem.base == ZYDIS_REGISTER_RSP;
}

static struct insn_access access_of(const struct decoded *decoded,
                                    const ZydisDecodedOperand *operand, uint64_t address)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    struct insn_access access = {
        .displacement = operand->mem.disp.value,
        .base = register_of(operand->mem.base),
        .index = register_of(operand->mem.index),
        .scale = operand->mem.scale ? operand->mem.scale : 1,
        .segment = segment_of(operand->mem.segment),
        .bytes = is_saving(instruction) ? XSAVE_BYTES : (uint16_t)(operand->size / 8),
        .reads = operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ,
        .writes = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE,
        .unsure = is_saving(instruction) || is_masked(decoded),
    };
    if (operand->mem.base == ZYDIS_REGISTER_RIP)
        access.displacement += (int64_t)(address + instruction->length);
    if (is_stack(operand) && access.writes)
        access.displacement -= access.bytes;
    if (is_string(instruction) &&
        instruction->attributes &
            (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) {
        access.repeats = true;
        access.unsure = !(instruction->attributes & ZYDIS_ATTRIB_HAS_REP);
    }
    return access;
}

static bool is_touched(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->actions != 0 &&
           operand->mem.type != ZYDIS_MEMOP_TYPE_AGEN;
}

void insn_find_accesses(const uint8_t *bytes, size_t size, uint64_t address,
                        struct insn_accesses *ret)
{
    struct decoded decoded;
    *ret = (struct insn_accesses){0};
    if (!insn_decode_fully(bytes, size, &decoded) || touches_nothing(&decoded.instruction))
        return;
    for (size_t i = 0; i < decoded.instruction.operand_count; i++) {
        const ZydisDecodedOperand *operand = &decoded.operands[i];
        if (!is_touched(operand))
            continue;
        ret->any_writes |= (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        if (is_elsewhere(&decoded, operand) || ret->count == INSN_ACCESSES_MAX)
            ret->unknown = true;
        else
            ret->access[ret->count++] = access_of(&decoded, operand, address);
    }
}

/* --- With registers -------------------------------------------------------------------------- */

static uint64_t value_of(const struct user_regs_struct *regs, uint8_t number)
{
    const unsigned long long *const registers[] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                                                   &regs->rsp, &regs->rbp, &regs->rsi, &regs->rdi,
                                                   &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                                                   &regs->r12, &regs->r13, &regs->r14, &regs->r15};
    return number == NO_REGISTER ? 0 : *registers[number];
}

void insn_access_range(const struct insn_access *access, const struct user_regs_struct *regs,
                       uint64_t *start, uint64_t *end)
{
    uint64_t segment = access->segment == SEGMENT_FS   ? regs->fs_base
                       : access->segment == SEGMENT_GS ? regs->gs_base
                                                       : 0;
    uint64_t length = access->bytes * (access->repeats ? regs->rcx : 1);
    *start = segment + (uint64_t)access->displacement + value_of(regs, access->base) +
             value_of(regs, access->index) * access->scale;
    if (access->repeats && length && regs->eflags & FLAG_DIRECTION)
        *start -= length - access->bytes;
    *end = *start + length;
}
