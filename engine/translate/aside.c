#include "engine/translate/aside.h"

#include "engine/translate/layout.h"

#define FLAG_OVERFLOW 0x800ull
#define FLAGS_LOW                                                                                  \
    0xd7ull /* carry, parity, adjust, zero, sign, and one that is always set: lahf                 \
             */
#define FLAG_ALWAYS 0x02ull

#define EMIT(emitter, ...)                                                                         \
    emit_bytes(emitter, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Offsets behind the two moves of emit_put_aside(). */
#define RAX_IS_AWAY 8
#define FLAGS_ARE_AWAY 20

void emit_put_aside(struct emitter *emitter)
{
    emit_save(emitter, RAX, WORD_ASIDE_RAX);
    EMIT(emitter, 0x9f, 0x0f, 0x90, 0xc0); /* lahf; seto al */
    emit_save(emitter, RAX, WORD_ASIDE_FLAGS);
}

void emit_take_back(struct emitter *emitter)
{
    emit_load(emitter, RAX, WORD_ASIDE_FLAGS);
    EMIT(emitter, 0x04, 0x7f, 0x9e); /* add al, 127: the overflow flag again; sahf */
    emit_load(emitter, RAX, WORD_ASIDE_RAX);
}

uint8_t aside_low_flags(uint64_t flags)
{
    return (uint8_t)((flags & FLAGS_LOW) | FLAG_ALWAYS);
}

uint8_t aside_overflow(uint64_t flags)
{
    return flags & FLAG_OVERFLOW ? 1 : 0;
}

struct error *aside_restore(struct tracee *tracee, uint64_t offset)
{
    struct user_regs_struct *regs;
    uint64_t saved[2]; /* WORD_ASIDE_RAX, WORD_ASIDE_FLAGS */
    struct error *error = tracee_regs(tracee, &regs);
    if (!error)
        error = tracee_read(tracee, taddr_of(WORD_ASIDE_RAX), saved, sizeof(saved));
    if (error || offset < RAX_IS_AWAY)
        return error;
    regs->rax = saved[0];
    if (offset >= FLAGS_ARE_AWAY) {
        regs->eflags &= ~(FLAGS_LOW | FLAG_OVERFLOW);
        regs->eflags |= aside_low_flags(saved[1] >> 8) | (saved[1] & 1 ? FLAG_OVERFLOW : 0);
    }
    tracee_regs_changed(tracee);
    return NULL;
}
