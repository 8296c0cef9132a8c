#include "engine/translate/insn_memo.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_LOG 16

struct insn_memo {
    struct insn entries[1 << ENTRIES_LOG]; /* of length 0: none */
};

static struct insn *entry_of(struct insn_memo *memo, uint64_t address)
{
    return &memo->entries[(address * 0x9e3779b97f4a7c15ull) >> (64 - ENTRIES_LOG)];
}

struct error *insn_memo_create(struct insn_memo **ret)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret ? NULL : &err_no_memory;
}

void insn_memo_destroy(struct insn_memo *memo)
{
    free(memo);
}

void insn_memo_decode(struct insn_memo *memo, const uint8_t *bytes, size_t size, uint64_t address,
                      struct insn *ret)
{
    struct insn *entry = entry_of(memo, address);
    if (!entry->length || entry->address != address || entry->length > size ||
        memcmp(entry->bytes, bytes, entry->length) != 0)
        insn_decode(bytes, size, address, entry);
    *ret = *entry;
}
