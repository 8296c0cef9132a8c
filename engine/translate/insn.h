/*
 * What the translator needs to know of an instruction; the only header behind which the decoder is.
 */
#ifndef REEL_TRANSLATE_INSN_H
#define REEL_TRANSLATE_INSN_H

#include "engine/base/types.h"

#define INSN_BYTES_MAX 15

enum insn_kind {
    INSN_PLAIN, /* may be executed anywhere as it is (after insn_rebase(), if it is relative to rip)
                 */
    INSN_JUMP,  /* to `target` */
    INSN_BRANCH, /* conditional, to `target`; `condition` is the opcode of the form with a 32-bit
                    offset */
    INSN_COUNT_BRANCH,  /* loop, loope, loopne, jrcxz: `opcode` with an 8-bit offset only */
    INSN_CALL,          /* to `target` */
    INSN_JUMP_INDIRECT, /* through the operand that insn_load_rcx() loads */
    INSN_CALL_INDIRECT,
    INSN_RETURN, /* releasing `release` bytes besides the address */
    INSN_SYSCALL,
    INSN_SINGLE, /* to be executed by a single step: traps, privileged, undecodable, or unusual */
};

struct insn {
    enum insn_kind kind;
    uint8_t length;
    uint8_t bytes[INSN_BYTES_MAX];
    uint64_t address;
    uint64_t target;
    uint16_t release;
    uint8_t condition; /* 0x80 … 0x8f */
    bool relative;     /* INSN_PLAIN and indirect ones: an operand is relative to rip */
    bool is_rep_string;
    bool writes_memory; /* INSN_PLAIN */
    uint8_t modrm_at;   /* offset of the ModRM byte, of relative and indirect ones */
    uint8_t opcode_at;  /* of indirect ones */
    uint8_t base; /* of relative ones: a register (0 … 7) that the instruction leaves alone */
};

/* Decodes the instruction at `address`. What is no whole instruction is INSN_SINGLE. */
void insn_decode(const uint8_t *bytes, size_t size, uint64_t address, struct insn *ret);

/* Rewrites the bytes of a relative INSN_PLAIN so that the operand is relative to the register
 * `base`, which is to hold the address behind the instruction. false if the result does not decode
 * to just that. */
bool insn_rebase(struct insn *insn);

/* The bytes of `mov rcx, OPERAND` for the operand of an indirect branch; a relative one is based on
 * rcx, which is then to hold the address behind the instruction. Returns their number; 0: not
 * possible. */
size_t insn_load_rcx(const struct insn *insn, uint8_t bytes[INSN_BYTES_MAX + 1]);

#endif
