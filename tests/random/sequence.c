#include "tests/random/sequence.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

#include "tests/random/draw.h"

const struct place places[PLACES] = {
    {0x20000000, 0x20200000, 0x20300000},
    {0x5a5a00000000, 0x5a5a00200000, 0x5a5a00300000},
};

uint64_t sequence_address(const struct sequence *sequence)
{
    return places[sequence->place].code + (uint64_t)sequence->slot * SLOT_BYTES;
}

/* --- The state to start from --------------------------------------------------------------- */

static uint64_t draw_value(struct chance *chance)
{
    uint64_t word = chance_word(chance);
    switch (chance_below(chance, 8)) {
    case 0:
        return word & 0xff;
    case 1:
        return word & 1 ? 0 : UINT64_MAX;
    case 2:
        return 1ull << (word & 63);
    case 3:
        return (uint64_t)(int32_t)(word & ~0x40000000ull);
    case 4: /* below the engine's memory, which no program has */
        return word & 0x3fffffff;
    default:
        return word;
    }
}

static void draw_memory(struct chance *chance, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t value = draw_value(chance);
        memcpy(bytes + i, &value, 8);
    }
}

#define FLAGS_ARITHMETIC 0x8d5ull
#define FLAG_INTERRUPT 0x200ull
#define FLAG_ALWAYS 0x2ull
#define FLAG_DIRECTION 0x400ull

static void draw_state(struct chance *chance, const struct draw *draw, struct sequence *ret)
{
    const struct place *place = &places[ret->place];
    unsigned long long *registers[16];
    draw_register_pointers(&ret->regs, registers);
    for (int i = 0; i < 16; i++) {
        *registers[i] = draw_value(chance);
        if (draw->pointers >> i & 1)
            *registers[i] = place->data + DATA_BYTES / 2 - 1024 + 64 * chance_below(chance, 32) +
                            (chance_one_in(chance, 4) ? chance_below(chance, 64) : 0);
        if (draw->index == i)
            *registers[i] = chance_below(chance, 64);
    }
    ret->regs.rsp = place->stack + STACK_BYTES / 2 + 8 * chance_below(chance, 64) +
                    (chance_one_in(chance, 16) ? chance_below(chance, 8) : 0);
    ret->regs.rip = sequence_address(ret);
    ret->regs.fs_base = place->data + 8 * chance_below(chance, 64);
    ret->regs.gs_base = 8 * chance_below(chance, 64);
    ret->regs.eflags = FLAG_ALWAYS | FLAG_INTERRUPT | (chance_word(chance) & FLAGS_ARITHMETIC) |
                       (chance_one_in(chance, 8) ? FLAG_DIRECTION : 0);
    draw_memory(chance, ret->data, DATA_BYTES);
    draw_memory(chance, ret->stack, STACK_BYTES);
    ret->xsave_seed = chance_word(chance);
}

void sequence_draw(uint64_t seed, struct sequence *ret)
{
    struct chance chance = {seed * 0x2545f4914f6cdd1dull};
    struct draw draw = {.chance = &chance, .sequence = ret};
    memset(ret, 0, sizeof(*ret));
    ret->seed = seed;
    ret->slot = (uint32_t)(seed % SLOTS);
    ret->place = chance_below(&chance, PLACES);
    draw_registers(&draw);
    draw_code(&draw);
    draw_state(&chance, &draw, ret);
    ret->cut = 1 + chance_below(&chance, 40);
}

/* --- The code ------------------------------------------------------------------------------ */

static void item_addresses(const struct sequence *sequence, uint64_t addresses[ITEMS_MAX])
{
    uint64_t address = sequence_address(sequence);
    for (size_t i = 0; i < sequence->count; i++) {
        addresses[i] = address;
        address += sequence->items[i].length;
    }
}

static uint64_t referred(const struct sequence *sequence, const struct item *item,
                         const uint64_t *addresses)
{
    switch ((enum reference)item->reference) {
    case REFERS_TO_POINTER:
        return sequence_address(sequence) + SLOT_TABLE + item->to * 8u;
    case REFERS_TO_DATA:
        return places[sequence->place].data + item->to;
    default:
        return addresses[item->to];
    }
}

void sequence_code(const struct sequence *sequence, uint8_t code[SLOT_BYTES])
{
    uint64_t addresses[ITEMS_MAX], start = sequence_address(sequence);
    item_addresses(sequence, addresses);
    memset(code, 0xcc, SLOT_BYTES);
    for (size_t i = 0; i < sequence->count; i++) {
        const struct item *item = &sequence->items[i];
        uint8_t *bytes = code + (addresses[i] - start);
        memcpy(bytes, item->bytes, item->length);
        if (item->reference == REFERS_TO_NOTHING || !item->length)
            continue;
        int32_t offset =
            (int32_t)(referred(sequence, item, addresses) - (addresses[i] + item->length));
        memcpy(bytes + item->at, &offset, item->width);
    }
    for (size_t i = 0; i < POINTERS; i++)
        memcpy(code + SLOT_TABLE + i * 8, &addresses[sequence->pointers[i]], 8);
}

/* The item's instruction; two where they must not be parted. */
static void print_item(uint64_t address, const uint8_t *bytes, size_t length)
{
    while (length) {
        ZydisDisassembledInstruction text;
        bool decoded = ZYAN_SUCCESS(
            ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, address, bytes, length, &text));
        size_t size = decoded ? text.info.length : length;
        printf("  %lx ", address);
        for (size_t i = 0; i < size; i++)
            printf(" %02x", bytes[i]);
        printf("\t%s\n", decoded ? text.text : "?");
        address += size;
        bytes += size;
        length -= size;
    }
}

void sequence_print(const struct sequence *sequence)
{
    uint8_t code[SLOT_BYTES];
    uint64_t addresses[ITEMS_MAX], start = sequence_address(sequence);
    item_addresses(sequence, addresses);
    sequence_code(sequence, code);
    for (size_t i = 0; i < sequence->count; i++)
        print_item(addresses[i], code + (addresses[i] - start), sequence->items[i].length);
}
