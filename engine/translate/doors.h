/*
 * Doors: where whatever leads to a program address leads, and what happens to it when the block
 * there is void.
 *
 * Links between blocks and entries of the table for indirect branches are never taken back. They
 * lead to the address's door: its gate, if it has one (gates.h); else the entry of the first block
 * that was translated there. While that block is good, the door is just its beginning. A later
 * block of the same address takes the door over, by a jump; in between it is a trap.
 *
 *   first block:  [its code]        killed:  int3        replaced:  jmp second block
 */
#ifndef REEL_TRANSLATE_DOORS_H
#define REEL_TRANSLATE_DOORS_H

#include "engine/translate/translator_private.h"

/* Where the door of a new block will be: `previous`, dead or NULL, was the one at its address. */
uint32_t door_for(const struct translator *translator, const struct block *block,
                  const struct block *previous);

/* The new block is live. */
struct error *door_open(struct translator *translator, const struct block *block) MUST_CHECK;

/* The block is void, and dead. */
struct error *door_shut(struct translator *translator, const struct block *block) MUST_CHECK;

/* Dooms the blocks that were made of code in [start, end); checked ones only with `checked`. */
struct error *doors_doom(struct translator *translator, uint64_t start, uint64_t end,
                         bool checked) MUST_CHECK;

/* Shuts the doors of what is doomed. */
struct error *doors_shut_doomed(struct translator *translator) MUST_CHECK;

#endif
