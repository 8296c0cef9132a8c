/*
 * No instruction here touches the flags: moves, lea, jrcxz.
 */
#include "engine/translate/emit.h"

#include <string.h>

#include "engine/translate/layout.h"

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

#define SIB_ABSOLUTE 0x25 /* no base, no index: a 32-bit address */

static void emit_move_word(struct emitter *emitter, uint8_t opcode, enum general_register reg,
                           uint32_t word)
{
    EMIT(emitter, 0x48, opcode, (uint8_t)(0x04 | reg << 3), SIB_ABSOLUTE);
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
    EMIT(emitter, 0x48, (uint8_t)(0xb8 | to));
    emit_bytes(emitter, &value, sizeof(value));
}

void emit_trap(struct emitter *emitter)
{
    EMIT(emitter, 0xcc);
}

void emit_jump(struct emitter *emitter, uint32_t to)
{
    EMIT(emitter, 0xe9);
    emit_u32(emitter, to - (emit_here(emitter) + 4));
}

void emit_branch(struct emitter *emitter, uint8_t condition, uint32_t to)
{
    EMIT(emitter, 0x0f, condition);
    emit_u32(emitter, to - (emit_here(emitter) + 4));
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

/* lea rcx, [rcx - count] */
static void emit_subtract_from_rcx(struct emitter *emitter, uint32_t count)
{
    EMIT(emitter, 0x48, 0x8d, 0x89);
    emit_u32(emitter, (uint32_t) - (int32_t)count);
}

uint32_t emit_count(struct emitter *emitter, uint32_t count)
{
    emit_save(emitter, RCX, WORD_RCX);
    emit_load(emitter, RCX, WORD_REMAINING);
    emit_subtract_from_rcx(emitter, count);
    emit_save(emitter, RCX, WORD_REMAINING);
    EMIT(emitter, 0x48, 0x0f, 0xbe, 0x0c, SIB_ABSOLUTE); /* movsx rcx, byte: 0, or -1 below zero */
    emit_u32(emitter, WORD_REMAINING + 7);
    size_t enough = emit_jump_if_rcx_zero(emitter);
    emit_load(emitter, RCX, WORD_RCX);
    uint32_t trap = emit_here(emitter);
    emit_trap(emitter);
    emit_land(emitter, enough);
    emit_load(emitter, RCX, WORD_RCX);
    return trap;
}

void emit_push(struct emitter *emitter, uint64_t value)
{
    emit_constant(emitter, RCX, value);
    EMIT(emitter, 0x48, 0x89, 0x4c, 0x24, 0xf8); /* mov [rsp - 8], rcx */
    EMIT(emitter, 0x48, 0x8d, 0x64, 0x24, 0xf8); /* lea rsp, [rsp - 8] */
}

uint32_t emit_lookup(struct emitter *emitter)
{
    emit_save(emitter, RCX, WORD_TARGET);
    emit_save(emitter, RAX, WORD_RAX);
    EMIT(emitter, 0x0f, 0xb7, 0xc1);       /* movzx eax, cx */
    EMIT(emitter, 0x48, 0x8b, 0x04, 0xc5); /* mov rax, [NEGATIVES + rax * 8] */
    emit_u32(emitter, ENGINE_NEGATIVES);
    EMIT(emitter, 0x48, 0x8d, 0x0c, 0x01); /* lea rcx, [rcx + rax] */
    size_t known = emit_jump_if_rcx_zero(emitter);
    emit_load(emitter, RAX, WORD_RAX);
    emit_load(emitter, RCX, WORD_RCX);
    uint32_t trap = emit_here(emitter);
    emit_trap(emitter);
    emit_land(emitter, known);
    EMIT(emitter, 0x0f, 0xb7, 0x04, SIB_ABSOLUTE); /* movzx eax, word [TARGET] */
    emit_u32(emitter, WORD_TARGET);
    EMIT(emitter, 0x48, 0x8b, 0x04, 0xc5); /* mov rax, [TARGETS + rax * 8] */
    emit_u32(emitter, ENGINE_TARGETS);
    emit_save(emitter, RAX, WORD_JUMP);
    emit_load(emitter, RAX, WORD_RAX);
    emit_load(emitter, RCX, WORD_RCX);
    EMIT(emitter, 0xff, 0x24, SIB_ABSOLUTE); /* jmp [JUMP] */
    emit_u32(emitter, WORD_JUMP);
    return trap;
}
