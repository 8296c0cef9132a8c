/*
 * Paths: the program instructions that one block holds.
 *
 * A path follows jumps, calls and the likely side of branches (forwards: on; backwards: taken), and
 * goes round a short loop several times. Where the program may leave it, it has side exits. A
 * return to a call within the path goes on behind the call, after a check.
 *
 * A straight path holds instructions that lie one behind the other, and ends behind the first that
 * writes to memory (code_check.h says what for).
 */
#ifndef REEL_TRANSLATE_PATH_H
#define REEL_TRANSLATE_PATH_H

#include "engine/translate/insn_memo.h"

#define PATH_INSNS_MAX 48

/* Where the program's code comes from. */
struct code_source {
    /* The bytes at `address`, at most INSN_BYTES_MAX; valid until the next call. Returns their
     * number: 0 if there is no code that may be translated. */
    size_t (*fetch)(void *context, uint64_t address, const uint8_t **ret);
    /* Whether a path that comes to the address must end there. */
    bool (*ends_before)(void *context, uint64_t address);
    void *context;
    struct insn_memo *memo;
};

enum path_exit {
    EXIT_NEVER,     /* goes on with the next instruction of the path */
    EXIT_IF_TAKEN,  /* a branch that is likely not taken, to insn.target */
    EXIT_IF_PASSED, /* one that is likely taken */
    EXIT_UNLESS_TO, /* a return, expected to go to `expected` */
};

#define NO_INSN (-1)

struct path_insn {
    struct insn insn;
    enum path_exit exit;
    int16_t flags; /* before this one: index of the one that can tell the flags again, or NO_INSN */
    uint64_t expected;
};

enum path_end {
    PATH_GOES_ON,       /* at `target` */
    PATH_STOPS,         /* at `target`: a system call, or what wants a single step */
    PATH_GOES_INDIRECT, /* where the last instruction says, an indirect branch or a return */
};

struct path {
    uint64_t address;
    uint32_t count;
    struct path_insn insns[PATH_INSNS_MAX];
    enum path_end end;
    uint64_t target;
    int16_t flags; /* at the end, as in path_insn */
};

struct path_limits {
    uint32_t insns;
    bool straight;
    bool returns_end; /* a return ends it, wherever the call was */
};

/* The path from `address`; of no instructions where there is nothing to be translated. */
void path_find(const struct code_source *source, uint64_t address, struct path_limits limits,
               struct path *ret);

/* How many bytes the instructions of a straight path are; writes them to `bytes`. */
#define PATH_BYTES_MAX (PATH_INSNS_MAX * INSN_BYTES_MAX)
size_t path_bytes(const struct path *path, uint8_t bytes[PATH_BYTES_MAX]);

/* Where the path goes on behind the instruction, unless it leaves there. */
uint64_t path_next(const struct path *path, uint32_t index);

/* The target of a side exit at the instruction. */
uint64_t path_exit_target(const struct path_insn *insn);

#endif
