/*
 * The table for indirect branches, by the low 16 bits of the program's address: its words lead to
 * the entries (emit_entry) of the blocks that are published, one after the other, the latest first,
 * the last to the trap for unknown addresses.
 */
#ifndef REEL_TRANSLATE_PUBLISH_H
#define REEL_TRANSLATE_PUBLISH_H

#include "engine/translate/translator_private.h"

#define PUBLISH_MAX 32
#define PUBLISH_BYTES_MAX (PUBLISH_MAX * 64) /* of that many entries */

/* Emits entries for the blocks, PUBLISH_MAX at most, none of which is published, and reads the
 * words that are to lead there. The words are to be written when the entries are there: *ret, in
 * order (what they point to lives as long as `words`). */
struct error *publish_emit(struct translator *translator, const struct block *const *blocks,
                           size_t count, uint64_t words[PUBLISH_MAX],
                           struct tracee_piece ret[PUBLISH_MAX]) MUST_CHECK;

/* The same for one block, entry and word being written. */
struct error *publish(struct translator *translator, const struct block *block) MUST_CHECK;

#endif
