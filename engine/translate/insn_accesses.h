/*
 * What memory an instruction touches: addresses as sums of registers, for code that checks them
 * before the instruction is executed, and for the tracer.
 */
#ifndef REEL_TRANSLATE_INSN_ACCESSES_H
#define REEL_TRANSLATE_INSN_ACCESSES_H

#include <sys/user.h>

#include "engine/translate/insn.h"

#define NO_REGISTER 0xff
#define INSN_ACCESSES_MAX 2

enum access_segment { SEGMENT_FLAT, SEGMENT_FS, SEGMENT_GS };

struct insn_access {
    int64_t displacement; /* the address itself, where there is neither base nor index */
    uint8_t base, index;  /* 0 … 15: rax … r15, or NO_REGISTER */
    uint8_t scale;        /* of the index: 1, 2, 4, 8 */
    uint8_t segment;      /* enum access_segment */
    uint16_t bytes;
    bool reads, writes;
    bool unsure;  /* it may touch less than these bytes, or nothing */
    bool repeats; /* rcx times, upwards or downwards as the direction flag says */
};

struct insn_accesses {
    struct insn_access access[INSN_ACCESSES_MAX];
    size_t count;
    bool unknown;    /* it touches more, and where cannot be told */
    bool any_writes; /* that too */
};

/* What the instruction at `address` touches. What is no instruction touches nothing. */
void insn_find_accesses(const uint8_t *bytes, size_t size, uint64_t address,
                        struct insn_accesses *ret);

/* The range [*start, *end) that an access touches with these registers; empty if it is repeated no
 * times. */
void insn_access_range(const struct insn_access *access, const struct user_regs_struct *regs,
                       uint64_t *start, uint64_t *end);

#endif
