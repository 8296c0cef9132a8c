/*
 * The event under construction: its effects, and the bytes that they point to, collected until it
 * is logged.
 */
#ifndef REEL_RECORD_DRAFT_H
#define REEL_RECORD_DRAFT_H

#include "engine/tracee/tracee.h"
#include "trace-format/event.h"

struct draft_block;

struct draft {
    struct event event; /* kind, registers and what else the kind has: set by the caller */
    struct effect *effects;
    size_t count, capacity;
    struct draft_block *blocks; /* the bytes; they do not move */
};

/* Empties the draft for an event of this kind. */
void draft_begin(struct draft *draft, enum event_kind kind);
void draft_deinit(struct draft *draft);

struct error *draft_effect(struct draft *draft, const struct effect *effect) MUST_CHECK;

/* Room for bytes that live until the next draft_begin(). */
void *draft_bytes(struct draft *draft, size_t size);

/* The tracee's memory there, as a MEMORY effect: as much of it as is mapped. */
struct error *draft_memory(struct draft *draft, struct tracee *tracee, taddr address,
                           uint64_t length) MUST_CHECK;

/* The tracee's vector state, as an XSAVE effect. */
struct error *draft_xsave(struct draft *draft, struct tracee *tracee) MUST_CHECK;

struct trace_regs trace_regs_of(const struct user_regs_struct *regs);

#endif
