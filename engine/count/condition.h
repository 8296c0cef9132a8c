/*
 * Conditions of breakpoints: `operand OP constant`.
 *
 * The operand is a general register or memory, of 1, 2, 4 or 8 bytes, signed or not. Memory that
 * cannot be read: the condition does not hold. The translator compiles them
 * (engine/translate/gate_condition.h); condition_holds() is the tracer's answer, and the oracle's.
 */
#ifndef REEL_COUNT_CONDITION_H
#define REEL_COUNT_CONDITION_H

#include "engine/tracee/tracee.h"

enum condition_operand {
    CONDITION_NONE, /* holds always */
    CONDITION_ON_REGISTER,
    CONDITION_ON_MEMORY,
};

enum condition_operator {
    IF_EQUAL,
    IF_NOT_EQUAL,
    IF_LESS,
    IF_LESS_OR_EQUAL,
    IF_GREATER,
    IF_GREATER_OR_EQUAL,
};

#define CONDITIONS_MAX 8 /* at one address, in one run */
#define CONDITION_REGISTERS 16
#define CONDITION_NO_REGISTER 0xff

struct condition {
    uint64_t offset;   /* of memory: added to the register, or the address */
    uint64_t constant; /* its low `size` bytes */
    uint8_t operand;   /* enum condition_operand */
    uint8_t reg;  /* as instructions number them: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, … 15 r15;
                     for memory also CONDITION_NO_REGISTER */
    uint8_t size; /* bytes: 1, 2, 4, 8 */
    bool is_signed;
    uint8_t compare; /* enum condition_operator */
};

/* Whether the fields are as said above. */
bool condition_is_valid(const struct condition *condition);

bool condition_equal(const struct condition *a, const struct condition *b);

/* The low bytes of the value that the condition is about, extended to 8 as its sign says. */
uint64_t condition_extend(const struct condition *condition, uint64_t value);

/* For a task that has these registers, and the tracee's memory. */
bool condition_holds(const struct condition *condition, const struct user_regs_struct *regs,
                     struct tracee *tracee);

#endif
