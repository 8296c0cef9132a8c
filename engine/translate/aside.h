/*
 * rax and the flags put away into words, without a stack: for code of the engine that compares.
 *
 * Such code does not nest. While it runs, aside_restore() gives the program its registers back.
 */
#ifndef REEL_TRANSLATE_ASIDE_H
#define REEL_TRANSLATE_ASIDE_H

#include "engine/tracee/tracee.h"
#include "engine/translate/emit.h"

/* Puts them away: rax is free then, and still has, as the flags, the program's value until it is
 * written to. */
void emit_put_aside(struct emitter *emitter);

/* Takes them back. */
void emit_take_back(struct emitter *emitter);

/* ah and al as they are put away, for these flags: those of arithmetic, overflow last. */
uint8_t aside_low_flags(uint64_t flags);
uint8_t aside_overflow(uint64_t flags);

/* The task stands `offset` bytes behind the beginning of an emit_put_aside() that no
 * emit_take_back() has made up for: or in that one, or right behind it. */
struct error *aside_restore(struct tracee *tracee, uint64_t offset) MUST_CHECK;

#endif
