/*
 * What the search needs to know of an instruction; the only header of this box behind which the
 * decoder is.
 */
#ifndef REEL_SITES_CODE_INSN_H
#define REEL_SITES_CODE_INSN_H

#include "engine/base/types.h"

enum code_flow {
    CODE_GOES_ON,  /* to the next instruction, calls included */
    CODE_BRANCHES, /* to the next, or to `target` */
    CODE_JUMPS,    /* to `target` */
    CODE_JUMPS_BY_TABLE /* to somewhere in the function, as a rule */,
    CODE_ENDS, /* returns, traps, or leaves through a pointer in memory (a procedure linkage table)
                */
};

struct code_insn {
    uint8_t length;
    bool is_site;        /* cpuid, rdrand or rdseed */
    bool is_privileged;  /* not for programs: data, as a rule */
    bool touches_memory; /* reads or writes it, and not just near the stack pointer */
    bool is_call;        /* of the function at `target` */
    enum code_flow flow;
    int64_t target; /* relative to the instruction's own address */
};

/* false: no instruction. */
bool code_insn_decode(const uint8_t *bytes, size_t size, struct code_insn *ret);

/* The next place at or behind `from` where the bytes look like the middle of a site; `size` if
 * there is none. A site's opcode begins there, perhaps behind prefixes. */
size_t code_find_candidate(const uint8_t *bytes, size_t size, size_t from);

#endif
