/*
 * Machine code into a buffer whose first byte will stand at `base` in the vessel. A buffer that is
 * too small is noted.
 */
#ifndef REEL_TRANSLATE_EMIT_H
#define REEL_TRANSLATE_EMIT_H

#include "engine/base/types.h"

#define EMIT_MAX 65536

struct emitter {
    size_t size;
    uint32_t base;
    bool full;
    uint8_t bytes[EMIT_MAX];
};

enum general_register { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R11 = 11 };

#define OPPOSITE_CONDITION 1 /* of a branch: this bit of its opcode */
#define CONDITION_NOT_EQUAL 0x85
#define CONDITION_NEGATIVE 0x88

static inline uint32_t emit_here(const struct emitter *emitter)
{
    return emitter->base + (uint32_t)emitter->size;
}

/* For a buffer that is to be at `base`, empty so far. */
void emit_begin(struct emitter *emitter, uint32_t base);

void emit_bytes(struct emitter *emitter, const void *bytes, size_t size);
void emit_save(struct emitter *emitter, enum general_register from,
               uint32_t word); /* mov [word], reg */
void emit_load(struct emitter *emitter, enum general_register to,
               uint32_t word); /* mov reg, [word] */
void emit_constant(struct emitter *emitter, enum general_register to, uint64_t value);
void emit_trap(struct emitter *emitter); /* int3 */

/* Jumps with a 32-bit offset; what they return says where that stands, for emit_point(). */
size_t emit_jump(struct emitter *emitter, uint32_t to);
size_t emit_branch(struct emitter *emitter, uint8_t condition, uint32_t to); /* 0x80 … 0x8f */
void emit_point(struct emitter *emitter, size_t jump, uint32_t to);

/* A short forward jump if rcx is 0; emit_land() says where to. */
size_t emit_jump_if_rcx_zero(struct emitter *emitter);
void emit_land(struct emitter *emitter, size_t jump);

/* WORD_REMAINING -= count, by an instruction that sets the flags to its result's. */
void emit_subtract(struct emitter *emitter, int32_t count);

/* The same without touching flags or registers; traps if the result is negative. Returns where. */
uint32_t emit_subtract_quietly(struct emitter *emitter, int32_t count);

/* lea ecx, [rcx - value]: 32 bits, the others 0 */
void emit_compare_ecx(struct emitter *emitter, uint32_t value);

/* Comparisons of 4 bytes at [rsp + offset], which set the flags; or loads of them into ecx. */
void emit_compare_stack(struct emitter *emitter, uint8_t offset, uint32_t value);
void emit_load_stack(struct emitter *emitter, uint8_t offset);

/* rsp += bytes */
void emit_release(struct emitter *emitter, uint32_t bytes);

/* Pushes the constant: a short one as it is, another from where emit_constant_here() has put it.
 * A fault finds nothing changed. */
void emit_push(struct emitter *emitter, uint32_t value);
size_t emit_push_from(struct emitter *emitter);
void emit_push_here(struct emitter *emitter, size_t push, uint64_t value);

/* Goes to where the table of targets says for the program address in rcx. The program's rcx is in
 * WORD_RCX already. */
void emit_go_to_rcx(struct emitter *emitter);

/* What the table leads to: on to `block` if `address` is the one looked for, else to `next`. */
void emit_entry(struct emitter *emitter, uint64_t address, uint32_t block, uint32_t next);

#endif
