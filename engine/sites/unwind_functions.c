/*
 * .eh_frame: entries of a length, a pointer to a common one (0: it is one itself), and then of
 * common ones how pointers are coded, of others a function's start and length (Linux Standard Base,
 * "Exception Frames"; pointer encodings: DW_EH_PE_*).
 */
#include "engine/sites/function_ranges.h"

#define FORM_MASK 0x0f
#define RELATIVE_MASK 0x70
#define RELATIVE_TO_PLACE 0x10
#define FORM_DEFAULT 0x00 /* 8 bytes */
#define OMITTED 0xff

struct unwind {
    const uint8_t *bytes;
    size_t size;
    uint64_t address;
    struct function_ranges *ranges;
};

static uint64_t take_sized(struct cursor *cursor, uint8_t form)
{
    switch (form & FORM_MASK) {
    case 0x00: /* absolute */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        return cursor_u64(cursor);
    case 0x03: /* udata4 */
        return cursor_u32(cursor);
    case 0x0b: /* sdata4 */
        return (uint64_t)(int64_t)(int32_t)cursor_u32(cursor);
    default:
        cursor->failed = true;
        return 0;
    }
}

static uint64_t take_pointer(const struct unwind *unwind, struct cursor *cursor, uint8_t form)
{
    uint64_t place = unwind->address + (uint64_t)(cursor->at - unwind->bytes);
    uint64_t value = take_sized(cursor, form);
    if ((form & RELATIVE_MASK) == RELATIVE_TO_PLACE)
        return value + place;
    if (form & RELATIVE_MASK)
        cursor->failed = true;
    return value;
}

/* How the pointers of entries that use this common one are coded; `cursor` stands behind its id. */
static bool read_form(const struct unwind *unwind, struct cursor *cursor, uint8_t *ret)
{
    const uint8_t *letters = cursor->at;
    uint8_t version = 0;
    *ret = FORM_DEFAULT;
    version = cursor_u8(cursor);
    letters = cursor->at;
    while (!cursor->failed && cursor_u8(cursor))
        ;
    cursor_varint(cursor); /* alignments */
    cursor_varint(cursor);
    if (version == 1)
        cursor_u8(cursor);
    else
        cursor_varint(cursor);
    if (cursor->failed || *letters != 'z')
        return !cursor->failed && *letters == 0;
    cursor_varint(cursor);
    for (letters++; *letters && !cursor->failed; letters++) {
        if (*letters == 'R')
            *ret = cursor_u8(cursor);
        else if (*letters == 'L')
            cursor_u8(cursor);
        else if (*letters == 'P')
            take_sized(cursor, cursor_u8(cursor));
    }
    return !cursor->failed && *ret != OMITTED;
}

/* The entry's body, from its id on; false at the end. */
static bool take_entry(struct cursor *cursor, struct cursor *body)
{
    uint64_t length = cursor_u32(cursor);
    if (length == UINT32_MAX)
        length = cursor_u64(cursor);
    const uint8_t *bytes = cursor_bytes(cursor, length);
    if (cursor->failed || length < 4)
        return false;
    *body = cursor_of(bytes, length);
    return true;
}

/* The common entry that the id at `place` points back to. */
static bool find_form(const struct unwind *unwind, size_t place, uint32_t id, uint8_t *ret)
{
    if (id > place)
        return false;
    struct cursor cursor = cursor_of(unwind->bytes + place - id, unwind->size - (place - id)), body;
    return take_entry(&cursor, &body) && cursor_u32(&body) == 0 && read_form(unwind, &body, ret);
}

struct error *unwind_functions(const uint8_t *bytes, size_t size, uint64_t address,
                               struct function_ranges *ret)
{
    const struct unwind unwind = {bytes, size, address, ret};
    struct cursor cursor = cursor_of(bytes, size), body;
    struct error *error = NULL;
    while (!error && cursor_left(&cursor) >= 4) {
        if (!take_entry(&cursor, &body)) {
            if (cursor.failed)
                break;
            continue; /* a terminator: what follows is another object file's */
        }
        size_t place = (size_t)(body.at - bytes);
        uint32_t id = cursor_u32(&body);
        uint8_t form;
        if (id == 0 || !find_form(&unwind, place, id, &form))
            continue;
        uint64_t start = take_pointer(&unwind, &body, form);
        uint64_t length = take_sized(&body, form);
        if (!body.failed && start && length <= UINT64_MAX - start)
            error = function_ranges_add(ret, start, start + length);
    }
    return error;
}
