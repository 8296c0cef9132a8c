/*
 * Instructions whose answers come from outside the program: what they are, and their execution on
 * its behalf.
 */
#ifndef REEL_RECORD_INSTRUCTION_H
#define REEL_RECORD_INSTRUCTION_H

#include <sys/user.h>

#include "trace-format/event.h"

struct instruction {
    enum trace_instruction kind;
    uint8_t length;
    uint8_t general; /* rdrand, rdseed: the register that gets the number, as encoded (0 rax … 15
                        r15), */
    uint8_t width;   /* and how much of it, bytes */
};

/* false: it is none of them. */
bool instruction_decode(const uint8_t *bytes, size_t size, struct instruction *ret);

/* Whether this processor has it; if not, it raises SIGILL by itself. */
bool instruction_is_supported(enum trace_instruction kind);

/* What cpuid has answered: it does not change on one processor, and asking costs 17 us where a
 * hypervisor answers (measured), twice as much as a stop. Zero-initialised. */
struct cpuid_answers {
    struct cpuid_answer {
        uint32_t leaf, subleaf;
        uint32_t answer[4]; /* eax, ebx, ecx, edx */
    } known[64];
    size_t count;
};

/*
 * Does to the registers what the instruction does, and moves rip behind it. cpuid is asked on the
 * processor that we run on, which is the program's too; it does not own up to what cannot be
 * recorded (transactions, memory protection keys, AMX, user-mode waiting, shadow stacks).
 */
void instruction_execute(const struct instruction *instruction, struct cpuid_answers *answers,
                         struct user_regs_struct *regs);

#endif
