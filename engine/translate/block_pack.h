/*
 * The places and exits of a block, as few bytes: they are looked at when a block stops, and kept
 * for all blocks there are. Differences from the one before, of which most fit into a byte.
 */
#ifndef REEL_TRANSLATE_BLOCK_PACK_H
#define REEL_TRANSLATE_BLOCK_PACK_H

#include "engine/translate/block.h"

#define BLOCK_NUMBER_BYTES_MAX 10 /* 64 bits, 7 a byte */
#define BLOCK_PACKED_MAX (4 * BLOCK_NUMBER_BYTES_MAX * (BLOCK_PLACES_MAX + BLOCK_EXITS_MAX))

/* Returns the number of bytes. */
size_t block_pack(const struct block_parts *parts, uint8_t bytes[BLOCK_PACKED_MAX]);

/* From what block_pack() made of a block like this one: all of *ret. */
void block_unpack(const struct block *block, const uint8_t *bytes, struct block_parts *ret);

#endif
