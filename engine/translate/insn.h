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

/* How to have the flags again that an instruction left (insn_again): */
enum insn_again {
    AGAIN_NEVER,
    AGAIN_SAME,           /* by the instruction itself */
    AGAIN_TEST,           /* by `test` of its result */
    AGAIN_BACK_AND_FORTH, /* by its opposite and itself: an addition, a subtraction */
    AGAIN_TWICE,          /* by itself, twice */
};

/* Bits 0 to 15: rax to r15; and: */
typedef uint32_t insn_registers;
#define INSN_VECTOR_REGISTERS (1u << 16) /* any of them */
#define INSN_MEMORY (1u << 17)

#define INSN_AGAIN_MAX (2 * INSN_BYTES_MAX)

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
    uint8_t modrm_at;  /* offset of the ModRM byte, of relative and indirect ones */
    uint8_t opcode_at; /* of indirect ones */
    uint8_t base; /* of relative ones: a register (0 … 7) that the instruction leaves alone, or */
    bool is_load; /* … just loads, so that it need not be put back */
    bool is_address; /* lea r64, [rip + …]: `target`, into register `base` (0 … 15) */
    insn_registers reads, writes;
    bool writes_flags; /* some of the status flags */
    bool sets_flags;   /* all of them, whatever they were, without a chance of a fault */
    uint8_t again;     /* enum insn_again; the operands are `reads` and `writes` */
    uint8_t opposite_at;
    uint8_t test[3];
};

/* Decodes the instruction at `address`. What is no whole instruction is INSN_SINGLE. */
void insn_decode(const uint8_t *bytes, size_t size, uint64_t address, struct insn *ret);

/* Rewrites the bytes of a relative INSN_PLAIN so that the operand is relative to the register
 * `base`, which is to hold the address behind the instruction. false if the result does not decode
 * to just that. */
bool insn_rebase(struct insn *insn);

/* Changes the displacement of a relative INSN_PLAIN so that it may be executed at `address`
 * instead. false if its operand is too far from there. */
bool insn_move(struct insn *insn, uint64_t address);

/* Instructions that leave the flags as `insn` did when it was executed, if its operands are as it
 * left them. They do not fault. Returns their number of bytes. */
size_t insn_again(const struct insn *insn, uint8_t bytes[INSN_AGAIN_MAX]);

/* The bytes of `mov rcx, OPERAND` for the operand of an indirect branch; a relative one is based on
 * rcx, which is then to hold the address behind the instruction. Returns their number; 0: not
 * possible. */
size_t insn_load_rcx(const struct insn *insn, uint8_t bytes[INSN_BYTES_MAX + 1]);

#endif
