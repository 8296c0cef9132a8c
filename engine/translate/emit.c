#include "engine/translate/emit.h"

#include <string.h>

#include "engine/translate/layout.h"

void emit_begin(struct emitter *emitter, uint32_t base)
{
    emitter->size = 0;
    emitter->base = base;
    emitter->full = false;
}

void emit_bytes(struct emitter *emitter, const void *bytes, size_t size)
{
    if (size > sizeof(emitter->bytes) - emitter->size) {
        emitter->full = true;
        return;
    }
    memcpy(emitter->bytes + emitter->size, bytes, size);
    emitter->size += size;
}

static void emit_u32(struct emitter *emitter, uint32_t value)
{
    emit_bytes(emitter, &value, sizeof(value));
}

#define EMIT(emitter, ...)                                                                         \
    emit_bytes(emitter, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define REX_W 0x48
#define REX_R_OF(reg) ((reg) >> 3 << 2)
#define REX_B_OF(reg) ((reg) >> 3)
#define SIB_ABSOLUTE 0x25 /* no base, no index: a 32-bit address */

/* --- Moves ----------------------------------------------------------------------------------- */

static void emit_move_word(struct emitter *emitter, uint8_t opcode, enum general_register reg,
                           uint32_t word)
{
    EMIT(emitter, (uint8_t)(REX_W | REX_R_OF(reg)), opcode, (uint8_t)(0x04 | (reg & 7) << 3),
         SIB_ABSOLUTE);
    emit_u32(emitter, word);
}

void emit_save(struct emitter *emitter, enum general_register from, uint32_t word)
{
    emit_move_word(emitter, 0x89, from, word);
}

void emit_load(struct emitter *emitter, enum general_register to, uint32_t word)
{
    emit_move_word(emitter, 0x8b, to, word);
}

void emit_constant(struct emitter *emitter, enum general_register to, uint64_t value)
{
    if (value <= UINT32_MAX) {
        if (to >> 3)
            EMIT(emitter, 0x41);
        EMIT(emitter, (uint8_t)(0xb8 | (to & 7))); /* mov r32, imm32: the others are 0 */
        emit_u32(emitter, (uint32_t)value);
        return;
    }
    EMIT(emitter, (uint8_t)(REX_W | REX_B_OF(to)), (uint8_t)(0xb8 | (to & 7)));
    emit_bytes(emitter, &value, sizeof(value));
}

/* --- Jumps ----------------------------------------------------------------------------------- */

void emit_trap(struct emitter *emitter)
{
    EMIT(emitter, 0xcc);
}

size_t emit_jump(struct emitter *emitter, uint32_t to)
{
    EMIT(emitter, 0xe9);
    emit_u32(emitter, to - (emit_here(emitter) + 4));
    return emitter->size - 4;
}

size_t emit_branch(struct emitter *emitter, uint8_t condition, uint32_t to)
{
    EMIT(emitter, 0x0f, condition);
    emit_u32(emitter, to - (emit_here(emitter) + 4));
    return emitter->size - 4;
}

void emit_point(struct emitter *emitter, size_t jump, uint32_t to)
{
    uint32_t offset = to - (emitter->base + (uint32_t)jump + 4);
    if (!emitter->full)
        memcpy(emitter->bytes + jump, &offset, sizeof(offset));
}

size_t emit_jump_if_rcx_zero(struct emitter *emitter)
{
    EMIT(emitter, 0xe3, 0x00);
    return emitter->size;
}

void emit_land(struct emitter *emitter, size_t jump)
{
    if (!emitter->full)
        emitter->bytes[jump - 1] = (uint8_t)(emitter->size - jump);
}

/* --- Counting -------------------------------------------------------------------------------- */

void emit_subtract(struct emitter *emitter, int32_t count)
{
    if (count == (int8_t)count) {
        EMIT(emitter, REX_W, 0x83, 0x2c, SIB_ABSOLUTE);
        emit_u32(emitter, WORD_REMAINING);
        EMIT(emitter, (uint8_t)count);
    } else {
        EMIT(emitter, REX_W, 0x81, 0x2c, SIB_ABSOLUTE);
        emit_u32(emitter, WORD_REMAINING);
        emit_u32(emitter, (uint32_t)count);
    }
}

uint32_t emit_subtract_quietly(struct emitter *emitter, int32_t count)
{
    emit_save(emitter, RCX, WORD_RCX);
    emit_load(emitter, RCX, WORD_REMAINING);
    EMIT(emitter, REX_W, 0x8d, 0x89); /* lea rcx, [rcx - count] */
    emit_u32(emitter, (uint32_t)-count);
    emit_save(emitter, RCX, WORD_REMAINING);
    EMIT(emitter, REX_W, 0x0f, 0xbe, 0x0c, SIB_ABSOLUTE); /* movsx rcx, byte: 0, or -1 below zero */
    emit_u32(emitter, WORD_REMAINING + 7);
    size_t enough = emit_jump_if_rcx_zero(emitter);
    emit_load(emitter, RCX, WORD_RCX);
    uint32_t trap = emit_here(emitter);
    emit_trap(emitter);
    emit_land(emitter, enough);
    emit_load(emitter, RCX, WORD_RCX);
    return trap;
}

/* --- Calls and returns ----------------------------------------------------------------------- */

void emit_compare_ecx(struct emitter *emitter, uint32_t value)
{
    EMIT(emitter, 0x8d, 0x89);
    emit_u32(emitter, (uint32_t) - (int32_t)value);
}

void emit_compare_stack(struct emitter *emitter, uint8_t offset, uint32_t value)
{
    EMIT(emitter, 0x81, 0x7c, 0x24, offset); /* cmp dword [rsp + offset], imm32 */
    emit_u32(emitter, value);
}

void emit_load_stack(struct emitter *emitter, uint8_t offset)
{
    EMIT(emitter, 0x8b, 0x4c, 0x24, offset); /* mov ecx, [rsp + offset] */
}

void emit_release(struct emitter *emitter, uint32_t bytes)
{
    EMIT(emitter, REX_W, 0x8d, 0xa4, 0x24); /* lea rsp, [rsp + bytes] */
    emit_u32(emitter, bytes);
}

void emit_push(struct emitter *emitter, uint32_t value)
{
    EMIT(emitter, 0x68);
    emit_u32(emitter, value);
}

size_t emit_push_from(struct emitter *emitter)
{
    EMIT(emitter, 0xff, 0x34, SIB_ABSOLUTE); /* push qword [address] */
    emit_u32(emitter, 0);
    return emitter->size - 4;
}

void emit_push_here(struct emitter *emitter, size_t push, uint64_t value)
{
    static const uint8_t traps[8] = {0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
    emit_bytes(emitter, traps, -emit_here(emitter) & 7);
    uint32_t address = emit_here(emitter);
    emit_bytes(emitter, &value, sizeof(value));
    if (!emitter->full)
        memcpy(emitter->bytes + push, &address, sizeof(address));
}

/* --- Indirect branches ----------------------------------------------------------------------- */

void emit_go_to_rcx(struct emitter *emitter)
{
    emit_save(emitter, R11, WORD_R11);
    EMIT(emitter, 0x44, 0x0f, 0xb7, 0xd9); /* movzx r11d, cx */
    EMIT(emitter, 0x42, 0xff, 0x24, 0xdd); /* jmp [TARGETS + r11 * 8] */
    emit_u32(emitter, ENGINE_TARGETS);
}

/* lea rcx, [rcx + r11] */
static void emit_add_r11_to_rcx(struct emitter *emitter)
{
    EMIT(emitter, 0x4a, 0x8d, 0x0c, 0x19);
}

void emit_entry(struct emitter *emitter, uint64_t address, uint32_t block, uint32_t next)
{
    emit_constant(emitter, R11, -address);
    emit_add_r11_to_rcx(emitter);
    size_t found = emit_jump_if_rcx_zero(emitter);
    emit_constant(emitter, R11, address);
    emit_add_r11_to_rcx(emitter);
    emit_jump(emitter, next);
    emit_land(emitter, found);
    emit_load(emitter, RCX, WORD_RCX);
    emit_load(emitter, R11, WORD_R11);
    emit_jump(emitter, block);
}
