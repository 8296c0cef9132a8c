/*
 * What windows and stubs need to know of an instruction; the only header of this box behind which
 * the decoder is.
 */
#ifndef REEL_FASTPATH_WINDOW_INSN_H
#define REEL_FASTPATH_WINDOW_INSN_H

#include "engine/base/types.h"

enum window_move {
    MOVE_PLAIN,    /* may be executed anywhere as it is */
    MOVE_RELATIVE, /* … with another 32-bit displacement at `relative_at` */
    MOVE_BRANCH,   /* a conditional jump with a form that has a 32-bit offset: 0f `condition` */
    MOVE_NEVER,
};

struct window_insn {
    uint8_t length;
    uint8_t move;        /* enum window_move */
    uint8_t relative_at; /* offset of the displacement in the instruction */
    uint8_t condition;   /* 0x80 … 0x8f */
    bool ends;           /* the next instruction is not what follows */
    bool jumps_by_table; /* to somewhere in the function, as a rule */
    bool is_landing;     /* endbr64: indirect jumps may come here */
    bool is_privileged;  /* not for programs: data, as a rule */
    bool is_branch;      /* to `target`; calls included */
    bool has_target;     /* it is a branch, or has that address, or the memory's there */
    int64_t target;      /* relative to the instruction's own address */
};

/* false: no instruction. */
bool window_insn_decode(const uint8_t *bytes, size_t size, struct window_insn *ret);

#endif
