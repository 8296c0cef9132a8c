/*
 * --check=memory: a hash of all writable private memory after each event, in pieces, so that replay
 * can say where it differs.
 */
#include "record/live_memory.h"

static struct error *add_piece(struct recorder *recorder, struct task *task,
                               const struct memory_piece *piece)
{
    struct effect effect = {.kind = EFFECT_CHECK,
                            .address = taddr_of(piece->start),
                            .length = piece->end - piece->start};
    struct error *error = hash_piece(task, piece, &effect.check.hash);
    return error ? error : draft_effect(&recorder->draft, &effect);
}

struct error *add_memory_check(struct recorder *recorder, struct task *task)
{
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    for (size_t i = 0; !error && i < mappings.count; i++) {
        const struct mapping *mapping = &mappings.mapping[i];
        if (is_program_memory(mapping) && !mapping->shared)
            error = live_pieces(recorder, task, mapping, DEAD_GENEROUS, mapping->start,
                                mapping->end, PIECE_BYTES_MAX, add_piece);
    }
    mappings_deinit(&mappings);
    return error;
}
