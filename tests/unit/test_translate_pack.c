/* What is kept of a block's places and exits is what was there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/translate/block_pack.h"

static uint64_t any(void)
{
    return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

/* As far from each other as the types allow. */
static void draw(struct block_parts *parts)
{
    memset(parts, 0, sizeof(*parts));
    parts->block = (struct block){.address = any(),
                                  .code = (uint32_t)any(),
                                  .place_count = (uint16_t)(random() % (BLOCK_PLACES_MAX + 1)),
                                  .exit_count = (uint16_t)(random() % (BLOCK_EXITS_MAX + 1))};
    for (uint32_t i = 0; i < parts->block.place_count; i++) {
        struct block_place *place = &parts->places[i];
        *place = (struct block_place){
            .address = any(), .code = (uint32_t)any(), .unpaid = (int16_t)any()};
        place->saved_in = (uint8_t)(random() % (SAVED_IN_WORD_RCX + 1));
        if (place->saved_in == SAVED_NOWHERE)
            continue;
        place->saved = (uint8_t)any();
        place->saved_from = (uint8_t)any();
        place->saved_to = (uint8_t)any();
    }
    for (uint32_t i = 0; i < parts->block.exit_count; i++) {
        struct block_exit *exit = &parts->exits[i];
        *exit = (struct block_exit){.kind = (enum exit_kind)(random() % (EXIT_INDIRECT + 1)),
                                    .unpaid = (int16_t)any(),
                                    .trap = (uint32_t)any(),
                                    .target = any()};
        if (random() % 2)
            exit->offset = exit->trap - 1 - (uint32_t)(random() % 100);
    }
}

static void assert_same_place(const struct block_place *a, const struct block_place *b)
{
    assert_int_equal(a->address, b->address);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->unpaid, b->unpaid);
    assert_int_equal(a->saved_in, b->saved_in);
    assert_int_equal(a->saved, b->saved);
    assert_int_equal(a->saved_from, b->saved_from);
    assert_int_equal(a->saved_to, b->saved_to);
}

static void assert_same_exit(const struct block_exit *a, const struct block_exit *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->unpaid, b->unpaid);
    assert_int_equal(a->trap, b->trap);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->target, b->target);
}

static void assert_same(const struct block_parts *a, const struct block_parts *b)
{
    assert_int_equal(a->block.place_count, b->block.place_count);
    assert_int_equal(a->block.exit_count, b->block.exit_count);
    for (uint32_t i = 0; i < a->block.place_count; i++)
        assert_same_place(&a->places[i], &b->places[i]);
    for (uint32_t i = 0; i < a->block.exit_count; i++)
        assert_same_exit(&a->exits[i], &b->exits[i]);
}

static void blocks_are_unpacked_as_they_were(void **state)
{
    static struct block_parts parts, unpacked;
    static uint8_t bytes[BLOCK_PACKED_MAX];
    srandom(1);
    for (int round = 0; round < 1000; round++) {
        draw(&parts);
        assert_in_range(block_pack(&parts, bytes), 0, sizeof(bytes));
        block_unpack(&parts.block, bytes, &unpacked);
        assert_same(&parts, &unpacked);
    }
}

/* Three bytes a place, where they follow each other as in code. */
static void usual_places_are_small(void **state)
{
    static struct block_parts parts;
    static uint8_t bytes[BLOCK_PACKED_MAX];
    parts.block = (struct block){.address = 0x555555554000, .code = 0x70200000, .place_count = 48};
    for (uint32_t i = 0; i < 48; i++)
        parts.places[i] = (struct block_place){.address = parts.block.address + i * 5,
                                               .code = parts.block.code + i * 12,
                                               .unpaid = (int16_t)i};
    assert_in_range(block_pack(&parts, bytes), 1, 48 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_unpacked_as_they_were),
        cmocka_unit_test(usual_places_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
