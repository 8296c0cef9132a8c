#include "engine/translate/block_pack.h"

#define KIND_BITS 2 /* of enum exit_kind and enum saved_register */
#define KIND_MASK ((1u << KIND_BITS) - 1)

/* --- Numbers --------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *at, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static const uint8_t *get(const uint8_t *at, uint64_t *ret)
{
    uint64_t value = 0;
    unsigned shift = 0;
    for (; *at & 0x80; shift += 7)
        value |= (uint64_t)(*at++ & 0x7f) << shift;
    *ret = value | (uint64_t)*at++ << shift;
    return at;
}

/* Numbers near zero, of either sign, become small ones. */
static uint64_t fold(uint64_t difference)
{
    return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unfold(uint64_t folded)
{
    return folded >> 1 ^ -(folded & 1);
}

static uint8_t *put_difference(uint8_t *at, uint64_t value, uint64_t before)
{
    return put(at, fold(value - before));
}

static const uint8_t *get_sum(const uint8_t *at, uint64_t before, uint64_t *ret)
{
    uint64_t folded;
    at = get(at, &folded);
    *ret = before + unfold(folded);
    return at;
}

static uint8_t *put_kind(uint8_t *at, unsigned kind, int64_t number)
{
    return put(at, fold((uint64_t)number) << KIND_BITS | kind);
}

static const uint8_t *get_kind(const uint8_t *at, unsigned *ret_kind, int64_t *ret)
{
    uint64_t value;
    at = get(at, &value);
    *ret_kind = value & KIND_MASK;
    *ret = (int64_t)unfold(value >> KIND_BITS);
    return at;
}

/* --- Places ---------------------------------------------------------------------------------- */

static uint8_t *put_place(uint8_t *at, const struct block_place *place,
                          const struct block_place *before)
{
    at = put_difference(at, place->address, before->address);
    at = put_difference(at, place->code, before->code);
    at = put_kind(at, place->saved_in, place->unpaid - before->unpaid);
    if (place->saved_in == SAVED_NOWHERE)
        return at;
    *at++ = place->saved;
    *at++ = place->saved_from;
    *at++ = place->saved_to;
    return at;
}

static const uint8_t *get_place(const uint8_t *at, const struct block_place *before,
                                struct block_place *ret)
{
    uint64_t code;
    int64_t more;
    unsigned saved_in;
    *ret = (struct block_place){0};
    at = get_sum(at, before->address, &ret->address);
    at = get_sum(at, before->code, &code);
    at = get_kind(at, &saved_in, &more);
    ret->code = (uint32_t)code;
    ret->unpaid = (int16_t)(before->unpaid + more);
    ret->saved_in = (uint8_t)saved_in;
    if (saved_in == SAVED_NOWHERE)
        return at;
    ret->saved = *at++;
    ret->saved_from = *at++;
    ret->saved_to = *at++;
    return at;
}

/* --- Exits ----------------------------------------------------------------------------------- */

static uint8_t *put_exit(uint8_t *at, const struct block_exit *exit,
                         const struct block_exit *before)
{
    at = put_kind(at, exit->kind, exit->unpaid);
    at = put_difference(at, exit->trap, before->trap);
    at = put(at, exit->offset ? exit->trap - exit->offset : 0);
    return put_difference(at, exit->target, before->target);
}

static const uint8_t *get_exit(const uint8_t *at, const struct block_exit *before,
                               struct block_exit *ret)
{
    uint64_t trap, back;
    int64_t unpaid;
    unsigned kind;
    at = get_kind(at, &kind, &unpaid);
    at = get_sum(at, before->trap, &trap);
    at = get(at, &back);
    *ret = (struct block_exit){.kind = (enum exit_kind)kind,
                               .unpaid = (int16_t)unpaid,
                               .trap = (uint32_t)trap,
                               .offset = back ? (uint32_t)(trap - back) : 0};
    return get_sum(at, before->target, &ret->target);
}

/* --- Blocks ---------------------------------------------------------------------------------- */

static struct block_place place_before_all(const struct block *block)
{
    return (struct block_place){.address = block->address, .code = block->code};
}

static struct block_exit exit_before_all(const struct block *block)
{
    return (struct block_exit){.trap = block->code, .target = block->address};
}

size_t block_pack(const struct block_parts *parts, uint8_t bytes[BLOCK_PACKED_MAX])
{
    const struct block *block = &parts->block;
    const struct block_place first_place = place_before_all(block);
    const struct block_exit first_exit = exit_before_all(block);
    uint8_t *at = bytes;
    for (uint32_t i = 0; i < block->place_count; i++)
        at = put_place(at, &parts->places[i], i ? &parts->places[i - 1] : &first_place);
    for (uint32_t i = 0; i < block->exit_count; i++)
        at = put_exit(at, &parts->exits[i], i ? &parts->exits[i - 1] : &first_exit);
    return (size_t)(at - bytes);
}

void block_unpack(const struct block *block, const uint8_t *bytes, struct block_parts *ret)
{
    const struct block_place first_place = place_before_all(block);
    const struct block_exit first_exit = exit_before_all(block);
    ret->block = *block;
    for (uint32_t i = 0; i < block->place_count; i++)
        bytes = get_place(bytes, i ? &ret->places[i - 1] : &first_place, &ret->places[i]);
    for (uint32_t i = 0; i < block->exit_count; i++)
        bytes = get_exit(bytes, i ? &ret->exits[i - 1] : &first_exit, &ret->exits[i]);
}
