/*
 * Machine code into a buffer whose first byte will stand at `base` in the vessel. A buffer that is
 * too small is noted.
 */
#ifndef REEL_TRANSLATE_EMIT_H
#define REEL_TRANSLATE_EMIT_H

#include "engine/base/types.h"

#define EMIT_MAX 16384

struct emitter {
    uint8_t bytes[EMIT_MAX];
    size_t size;
    uint32_t base;
    bool full;
};

enum general_register { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

static inline uint32_t emit_here(const struct emitter *emitter)
{
    return emitter->base + (uint32_t)emitter->size;
}

void emit_bytes(struct emitter *emitter, const void *bytes, size_t size);
void emit_save(struct emitter *emitter, enum general_register from,
               uint32_t word); /* mov [word], reg */
void emit_load(struct emitter *emitter, enum general_register to,
               uint32_t word); /* mov reg, [word] */
void emit_constant(struct emitter *emitter, enum general_register to, uint64_t value);
void emit_trap(struct emitter *emitter);                                   /* int3 */
void emit_jump(struct emitter *emitter, uint32_t to);                      /* jmp, 32-bit offset */
void emit_branch(struct emitter *emitter, uint8_t condition, uint32_t to); /* jcc, 32-bit offset */

/* A short forward jump if rcx is 0; emit_land() says where to. */
size_t emit_jump_if_rcx_zero(struct emitter *emitter);
void emit_land(struct emitter *emitter, size_t jump);

/* Takes `count` from WORD_REMAINING, and traps, with all registers and flags as before, if less
 * than that was left. */
uint32_t emit_count(struct emitter *emitter, uint32_t count);

/* Pushes the constant, by way of rcx: a fault finds rsp unchanged. */
void emit_push(struct emitter *emitter, uint64_t value);

/* The routine that indirect branches go to, with the target in rcx and the program's rcx in
 * WORD_RCX. Returns where it traps when it does not know the target. */
uint32_t emit_lookup(struct emitter *emitter);

#endif
