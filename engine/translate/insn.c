#include "engine/translate/insn.h"

#include <string.h>

#include "engine/translate/insn_decoded.h"

#define MODRM_REGISTER_MASK 0xc7

static bool decode(const uint8_t *bytes, size_t size, struct decoded *ret)
{
    static _Thread_local ZydisDecoder decoder;
    static _Thread_local bool ready;
    if (!ready)
        ready = ZYAN_SUCCESS(
            ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
    return ready && ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, &ret->instruction,
                                                        ret->operands));
}

bool insn_decode_fully(const uint8_t *bytes, size_t size, struct decoded *ret)
{
    return decode(bytes, size, ret);
}

/* --- Registers
 * --------------------------------------------------------------------------------------------- */

static bool is_register(ZydisRegister used, ZydisRegister general)
{
    return used != ZYDIS_REGISTER_NONE &&
           ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, used) == general;
}

static bool uses(const struct decoded *decoded, ZydisRegister general)
{
    for (size_t i = 0; i < decoded->instruction.operand_count; i++) {
        const ZydisDecodedOperand *operand = &decoded->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
            is_register(operand->reg.value, general))
            return true;
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
            (is_register(operand->mem.base, general) || is_register(operand->mem.index, general)))
            return true;
    }
    return false;
}

/* rax, rcx, rdx, rbx, rsi, rdi: those that a ModRM byte names as a plain base without REX. */
static bool find_free_register(const struct decoded *decoded, uint8_t *ret)
{
    static const uint8_t candidates[] = {0, 1, 2, 3, 6, 7};
    for (size_t i = 0; i < sizeof(candidates); i++) {
        if (uses(decoded, (ZydisRegister)(ZYDIS_REGISTER_RAX + candidates[i])))
            continue;
        *ret = candidates[i];
        return true;
    }
    return false;
}

static const ZydisDecodedOperand *relative_operand(const struct decoded *decoded)
{
    for (size_t i = 0; i < decoded->instruction.operand_count; i++) {
        const ZydisDecodedOperand *operand = &decoded->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
            (operand->mem.base == ZYDIS_REGISTER_RIP || operand->mem.base == ZYDIS_REGISTER_EIP))
            return operand;
    }
    return NULL;
}

/* --- Kinds
 * ---------------------------------------------------------------------------------------------------
 */

static bool is_single(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_INTO:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_XBEGIN:
    case ZYDIS_MNEMONIC_XABORT:
    case ZYDIS_MNEMONIC_XEND:
    case ZYDIS_MNEMONIC_ENTER:
        return true;
    default:
        return instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
               instruction->meta.category == ZYDIS_CATEGORY_SYSTEM;
    }
}

/* mov to ss holds traps back for one instruction. */
static bool writes_segment(const struct decoded *decoded)
{
    return decoded->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(decoded->operands[0].reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

static bool is_count_branch(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_LOOP || mnemonic == ZYDIS_MNEMONIC_LOOPE ||
           mnemonic == ZYDIS_MNEMONIC_LOOPNE || mnemonic == ZYDIS_MNEMONIC_JRCXZ;
}

static void set_direct(const struct decoded *decoded, struct insn *ret)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    ret->target = ret->address + ret->length + (uint64_t)decoded->operands[0].imm.value.s;
    if (instruction->mnemonic == ZYDIS_MNEMONIC_JMP)
        ret->kind = INSN_JUMP;
    else if (instruction->mnemonic == ZYDIS_MNEMONIC_CALL)
        ret->kind = INSN_CALL;
    else if (is_count_branch(instruction->mnemonic) && instruction->length == 2)
        ret->kind = INSN_COUNT_BRANCH;
    else if (instruction->meta.category == ZYDIS_CATEGORY_COND_BR &&
             instruction->mnemonic != ZYDIS_MNEMONIC_JECXZ &&
             instruction->mnemonic != ZYDIS_MNEMONIC_JRCXZ &&
             !is_count_branch(instruction->mnemonic))
        ret->kind = INSN_BRANCH;
    ret->condition = (uint8_t)(0x80 | (instruction->opcode & 0x0f));
}

static void set_indirect(const struct decoded *decoded, struct insn *ret)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    if (instruction->opcode != 0xff || instruction->operand_width != 64)
        return;
    ret->kind =
        instruction->mnemonic == ZYDIS_MNEMONIC_CALL ? INSN_CALL_INDIRECT : INSN_JUMP_INDIRECT;
    ret->modrm_at = instruction->raw.modrm.offset;
    ret->opcode_at = (uint8_t)(ret->modrm_at - 1);
    ret->relative = relative_operand(decoded) != NULL;
}

/* AMD's processors heed the prefix 66 of a near branch, which Intel's ignore; unless REX.W is
 * there.
 */
static bool has_operand_size_prefix(const ZydisDecodedInstruction *instruction)
{
    for (size_t i = 0; i < instruction->raw.prefix_count; i++)
        if (instruction->raw.prefixes[i].value == 0x66 && !instruction->raw.rex.W)
            return true;
    return false;
}

static void set_control(const struct decoded *decoded, struct insn *ret)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    ret->kind = INSN_SINGLE;
    if (has_operand_size_prefix(instruction))
        return;
    if (instruction->operand_width != 64 && instruction->meta.category != ZYDIS_CATEGORY_COND_BR)
        return;
    if (instruction->mnemonic == ZYDIS_MNEMONIC_RET) {
        ret->kind = INSN_RETURN;
        if (decoded->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
            ret->release = (uint16_t)decoded->operands[0].imm.value.u;
    } else if (decoded->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        set_direct(decoded, ret);
    } else {
        set_indirect(decoded, ret);
    }
}

/* Where the register that a load overwrites can stand in for rip, or nothing is loaded at all. */
static void set_load(const struct decoded *decoded, const ZydisDecodedOperand *relative,
                     struct insn *ret)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    const ZydisDecodedOperand *to = &decoded->operands[0];
    if (to->type != ZYDIS_OPERAND_TYPE_REGISTER || (to->size != 32 && to->size != 64))
        return;
    ZydisRegister general =
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, to->reg.value);
    uint8_t number = (uint8_t)(general - ZYDIS_REGISTER_RAX);
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_LEA:
        ret->is_address = to->size == 64 && instruction->address_width == 64;
        ret->target = ret->address + ret->length + (uint64_t)relative->mem.disp.value;
        ret->base = ret->is_address ? number : ret->base;
        return;
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        ret->is_load = number <= 7 && number != 4 && number != 5;
        ret->base = ret->is_load ? number : ret->base;
        return;
    default:
        return;
    }
}

static void set_plain(const struct decoded *decoded, struct insn *ret)
{
    const ZydisDecodedInstruction *instruction = &decoded->instruction;
    const ZydisDecodedOperand *relative = relative_operand(decoded);
    ret->kind = INSN_PLAIN;
    ret->is_rep_string = instruction->attributes &
                         (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    if (!relative)
        return;
    ret->relative = true;
    ret->modrm_at = instruction->raw.modrm.offset;
    if (relative->mem.base != ZYDIS_REGISTER_RIP || !find_free_register(decoded, &ret->base))
        ret->kind = INSN_SINGLE;
    else
        set_load(decoded, relative, ret);
}

void insn_decode(const uint8_t *bytes, size_t size, uint64_t address, struct insn *ret)
{
    struct decoded decoded;
    *ret = (struct insn){.kind = INSN_SINGLE, .address = address};
    if (!decode(bytes, size, &decoded))
        return;
    const ZydisDecodedInstruction *instruction = &decoded.instruction;
    ret->length = instruction->length;
    memcpy(ret->bytes, bytes, instruction->length);
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_SYSCALL:
        if (instruction->mnemonic == ZYDIS_MNEMONIC_SYSCALL)
            ret->kind = INSN_SYSCALL;
        return;
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_COND_BR:
        if (!is_single(instruction))
            set_control(&decoded, ret);
        return;
    default:
        if (!is_single(instruction) && !writes_segment(&decoded))
            set_plain(&decoded, ret);
    }
    insn_set_effects(&decoded, ret);
}

/* --- Rewriting
 * -----------------------------------------------------------------------------------------------
 */

bool insn_rebase(struct insn *insn)
{
    struct decoded before, after;
    uint8_t *modrm = &insn->bytes[insn->modrm_at];
    if (!decode(insn->bytes, insn->length, &before))
        return false;
    const ZydisDecodedOperand *from = relative_operand(&before);
    *modrm = (uint8_t)(0x80 | (*modrm & 0x38) | insn->base); /* base + 32-bit displacement */
    if (!from || !decode(insn->bytes, insn->length, &after) ||
        after.instruction.length != insn->length ||
        after.instruction.mnemonic != before.instruction.mnemonic)
        return false;
    const ZydisDecodedOperand *to = &after.operands[from - before.operands];
    return to->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           to->mem.base == (ZydisRegister)(ZYDIS_REGISTER_RAX + insn->base) &&
           to->mem.index == ZYDIS_REGISTER_NONE && to->mem.disp.value == from->mem.disp.value &&
           to->mem.segment == from->mem.segment;
}

bool insn_move(struct insn *insn, uint64_t address)
{
    int32_t displacement;
    memcpy(&displacement, insn->bytes + insn->modrm_at + 1, sizeof(displacement));
    int64_t moved = displacement + (int64_t)(insn->address - address);
    displacement = (int32_t)moved;
    if (displacement != moved)
        return false;
    memcpy(insn->bytes + insn->modrm_at + 1, &displacement, sizeof(displacement));
    return true;
}

#define REX_W 0x48
#define REX_KEEP 0x4b /* W, X and B; R extends the register that we replace */

size_t insn_load_rcx(const struct insn *insn, uint8_t bytes[INSN_BYTES_MAX + 1])
{
    struct decoded decoded;
    size_t size = 0, at = 0;
    uint8_t rex = REX_W;
    for (; at < insn->opcode_at; at++) {
        uint8_t prefix = insn->bytes[at];
        if ((prefix & 0xf0) == 0x40)
            rex |= prefix & REX_KEEP;
        else if (prefix == 0x64 || prefix == 0x65 || prefix == 0x67)
            bytes[size++] = prefix;
    }
    bytes[size++] = rex;
    bytes[size++] = 0x8b; /* mov r64, r/m64 */
    uint8_t modrm = insn->bytes[insn->modrm_at];
    if (insn->relative)
        modrm = 0x80 | 0x01; /* [rcx + 32-bit displacement] */
    bytes[size++] = (uint8_t)((modrm & MODRM_REGISTER_MASK) | 1 << 3);
    size_t rest = (size_t)insn->length - insn->modrm_at - 1;
    if (size + rest > INSN_BYTES_MAX)
        return 0;
    memcpy(bytes + size, insn->bytes + insn->modrm_at + 1, rest);
    size += rest;
    if (!decode(bytes, size, &decoded) || decoded.instruction.length != size ||
        decoded.instruction.mnemonic != ZYDIS_MNEMONIC_MOV ||
        !is_register(decoded.operands[0].reg.value, ZYDIS_REGISTER_RCX))
        return 0;
    return size;
}
