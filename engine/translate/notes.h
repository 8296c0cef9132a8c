/*
 * The words in which translated code notes its last hit: what remained to be executed there, and
 * which gate or watch it was; and the hit before.
 */
#ifndef REEL_TRANSLATE_NOTES_H
#define REEL_TRANSLATE_NOTES_H

#include "engine/translate/translator_private.h"

/* Before a run: there is none. */
struct error *notes_clear(struct translator *translator) MUST_CHECK;

/* The last hit of a run of `limit` instructions, or, with `back`, the one before. */
struct error *notes_read(const struct translator *translator, uint64_t limit, bool before,
                         struct run_note *ret) MUST_CHECK;

/* Takes the last hit back. */
struct error *notes_undo(struct translator *translator) MUST_CHECK;

#endif
