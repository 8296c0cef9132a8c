/*
 * What a system call does to memory, computed from its row, its arguments and its result. Pure
 * functions over a view of the tracee's memory, so that they can be tested without a tracee.
 *
 * Three questions:
 *   call_outputs()   after the call: which ranges did the kernel write (or may have)?
 *   call_inputs()    after the call: which ranges did a CALL_SENDS call take its `result` bytes
 * from, in order? call_redirects() before the call: which pointers must lead to scratch memory, so
 * that the kernel writes nothing into the program's memory while other tasks run, and how large is
 * what they point to?
 */
#ifndef REEL_SYSCALL_CALL_MODEL_H
#define REEL_SYSCALL_CALL_MODEL_H

#include "engine/base/error.h"
#include "engine/syscall/call_table.h"

/* Reads tracee memory; false when it is not all readable. */
struct memory_view {
    bool (*read)(void *context, taddr address, void *bytes, size_t size);
    void *context;
};

struct call {
    uint64_t number;
    uint64_t argument[CALL_ARGUMENTS];
    int64_t result;
};

struct memory_range {
    taddr address;
    uint64_t length;
};

/* A growing list; zero-initialised, and freed with memory_ranges_deinit(). Ranges of length 0 are
 * never stored. */
struct memory_ranges {
    struct memory_range *range;
    size_t count, capacity;
};
void memory_ranges_deinit(struct memory_ranges *ranges);
struct error *memory_ranges_add(struct memory_ranges *ranges, taddr address,
                                uint64_t length) MUST_CHECK;

/*
 * Appends what the kernel wrote during the finished `call`. Ranges may be larger than what it
 * wrote, never smaller, lie within what the program handed over, and may repeat. Structures that
 * the kernel only partly writes (msghdr) give just the fields that it writes. A pointer that cannot
 * be followed (the call then gave EFAULT) yields nothing.
 *
 * What the program handed over need not all be mapped (select() with more descriptors than its sets
 * have room for works as long as no such descriptor is open): readers of a range take what they can
 * read of it.
 *
 * CAVEAT: of a value-result length only the value after the call is known here, and the kernel may
 * report more than the program had room for (accept(2)). Such a range is bounded by what there can
 * be at most; for a redirected call, memory_ranges_clip() cuts it to what was handed over.
 */
struct error *call_outputs(const struct call *call, const struct memory_view *view,
                           struct memory_ranges *ret) MUST_CHECK;

/* Appends the ranges that a CALL_SENDS call took its `result` bytes from. Nothing for a failed
 * call. */
struct error *call_inputs(const struct call *call, const struct memory_view *view,
                          struct memory_ranges *ret) MUST_CHECK;

/*
 * One piece of memory to be redirected. The pointer that leads to it is argument `argument` when
 * `parent` is -1, else the eight bytes at `offset` in the piece numbered `parent` (a smaller
 * index), as in msghdr → iovec → buffer. Pieces are whole: with `copy_in` the original bytes are
 * wanted in scratch first (in-out structures, iovec arrays); without, the piece is written only.
 */
struct call_redirect {
    int parent;
    uint32_t argument;
    uint64_t offset;
    taddr address; /* the program's */
    uint64_t length;
    bool copy_in;
};
struct call_redirects {
    struct call_redirect *redirect;
    size_t count, capacity;
};
void call_redirects_deinit(struct call_redirects *redirects);

/*
 * Appends the pieces of the call about to be made (`call->result` is ignored). Only calls that may
 * block have any. Not redirected, so that the kernel uses the program's own memory:
 *   - NULL pointers, and memory that is not readable at both ends: the call is to fail, or to come
 *     short, as it does natively;
 *   - futex words, of which the address matters, and what vmsplice fills;
 *   - anything at all if there were more than 65,536 pieces or 2 GB of them (a hostile program).
 *
 * All pieces are `copy_in` whose outputs may be larger than what the kernel writes, so that copying
 * an output back to the program's memory never brings in what was in scratch memory before.
 */
struct error *call_redirects(const struct call *call, const struct memory_view *view,
                             struct call_redirects *ret) MUST_CHECK;

/* Cuts the outputs of a redirected call so that each lies inside one piece, or outside of all
 * (memory that was not redirected). */
void memory_ranges_clip(struct memory_ranges *ranges, const struct call_redirects *redirects);

#endif
