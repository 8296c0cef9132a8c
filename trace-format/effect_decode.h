/*
 * Fields of records, and effects: what event_decode.c takes events apart with. A field that is not
 * as it must be makes the cursor fail.
 */
#ifndef REEL_TRACE_FORMAT_EFFECT_DECODE_H
#define REEL_TRACE_FORMAT_EFFECT_DECODE_H

#include "trace-format/event_decode.h"

uint32_t take_u32(struct cursor *records);

/* A number with no bits but those of `mask`. */
uint32_t take_flags(struct cursor *records, uint32_t mask);

/* Copies up to `limit` bytes behind their length to the end of `to`; returns how many. */
uint64_t take_bytes(struct cursor *records, uint64_t limit, struct buffer *to);

/* A text, copied to the arena with a NUL behind it; returns its place there. */
size_t take_text(struct event_decoder *decoder);

/* Registers, coded against `base`. */
void take_regs(struct cursor *records, const struct trace_regs *base, struct trace_regs *ret);

/* The fields of an effect whose kind is in *ret; *place: where its contents or text is in the
 * arena. False if there is no such kind. */
bool take_effect(struct event_decoder *decoder, struct effect *ret, size_t *place);

#endif
