/*
 * Go's table of functions, which its programs have even when stripped (Go's debug/gosym package
 * documents it by its source: "pclntab"). Three layouts:
 *
 *   1.2    magic, 0 0 quantum word-size, count; then pairs of words: function, information
 *   1.16   the same with two words after the count, and an offset to the pairs as the 7th word
 *   1.18   pairs of 32-bit offsets from the start of the text, which is the 3rd word; the 8th is
 *          the offset to the pairs. 1.20 has another magic
 */
#include "engine/sites/function_ranges.h"

#define MAGIC_1_2 0xfffffffb
#define MAGIC_1_16 0xfffffffa
#define MAGIC_1_18 0xfffffff0
#define MAGIC_1_20 0xfffffff1
#define WORDS 8

struct table {
    struct cursor pairs;
    uint64_t count, text;
    bool narrow; /* 32-bit offsets */
};

static bool find_pairs(const uint8_t *bytes, size_t size, uint64_t text, struct table *ret)
{
    struct cursor cursor = cursor_of(bytes, size);
    uint32_t magic = cursor_u32(&cursor);
    uint64_t word[WORDS], offset = 16;
    cursor_u32(&cursor);
    for (size_t i = 0; i < WORDS; i++)
        word[i] = cursor_u64(&cursor);
    if (cursor.failed || bytes[7] != 8)
        return false;
    *ret = (struct table){.count = word[0]};
    if (magic == MAGIC_1_18 || magic == MAGIC_1_20) {
        ret->text = word[2] ? word[2] : text; /* a relocation, in position independent programs */
        ret->narrow = true;
        offset = word[7];
    } else if (magic == MAGIC_1_16) {
        offset = word[6];
    } else if (magic != MAGIC_1_2) {
        return false;
    }
    if (offset > size)
        return false;
    ret->pairs = cursor_of(bytes + offset, size - offset);
    return true;
}

static uint64_t take_word(struct table *table)
{
    return table->narrow ? cursor_u32(&table->pairs) : cursor_u64(&table->pairs);
}

struct error *go_functions(const uint8_t *bytes, size_t size, uint64_t text,
                           struct function_ranges *ret)
{
    struct table table;
    struct error *error = NULL;
    if (!find_pairs(bytes, size, text, &table))
        return NULL;
    uint64_t start = take_word(&table);
    for (uint64_t i = 0; !error && i < table.count; i++) {
        take_word(&table);
        uint64_t end = take_word(&table);
        if (table.pairs.failed)
            break;
        error = function_ranges_add(ret, table.text + start, table.text + end);
        start = end;
    }
    return error;
}
