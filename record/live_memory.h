/*
 * The memory of a group that is part of the program's state, in pieces, and their hashes.
 *
 * Left out is what is dead: below each task's red zone, where the dynamic linker's lazy binding
 * leaves vector state whose form depends on which components the processor has in use.
 */
#ifndef REEL_RECORD_LIVE_MEMORY_H
#define REEL_RECORD_LIVE_MEMORY_H

#include "engine/tracee/maps.h"
#include "record/recorder.h"

struct memory_piece {
    uint64_t start, end;
    bool anonymous; /* private, and of no file: pages that were never touched are zero */
};

#define PIECE_BYTES_MAX (256ul * 1024)

/* How far below a red zone memory may be taken for dead. */
enum dead_memory {
    DEAD_GENEROUS, /* all of a mapping that looks like one stack: to compare memory */
    DEAD_STRICT,   /* that only where it can be nothing else, else a little: to name states */
};

/* Whether the program can write there by itself: no page of ours. */
bool is_program_memory(const struct mapping *mapping);

/* Calls `take` for what is alive of [from, to), which lies in the mapping, in pieces of at most
 * `bytes` that begin at multiples of it where they can. */
struct error *live_pieces(struct recorder *recorder, struct task *task,
                          const struct mapping *mapping, enum dead_memory dead, uint64_t from,
                          uint64_t to, uint64_t bytes,
                          struct error *(*take)(struct recorder *recorder, struct task *task,
                                                const struct memory_piece *piece)) MUST_CHECK;

/* XXH3-64 of the piece, which is at most PIECE_BYTES_MAX. Pages that the program never touched are
 * not read, since reading would bring them in, which mincore(2) shows. */
struct error *hash_piece(struct task *task, const struct memory_piece *piece,
                         uint64_t *ret) MUST_CHECK;

#endif
