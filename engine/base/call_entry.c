#include "engine/base/call_entry.h"

#include <string.h>

struct call_entry call_entry_at(const uint8_t *entry)
{
    struct call_entry ret;
    memcpy(&ret, entry, sizeof(ret));
    return ret;
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 7) & ~7ull;
}

size_t call_output_at(const uint8_t *entry, size_t at, struct call_output *ret,
                      const uint8_t **bytes)
{
    memcpy(ret, entry + at, sizeof(*ret));
    *bytes = entry + at + sizeof(*ret);
    return at + sizeof(*ret) + round_up(ret->bytes);
}

static bool has_good_outputs(const uint8_t *bytes, const struct call_entry *entry)
{
    size_t at = sizeof(*entry);
    for (unsigned i = 0; i < entry->outputs; i++) {
        struct call_output output;
        if (entry->bytes - at < sizeof(output))
            return false;
        memcpy(&output, bytes + at, sizeof(output));
        at += sizeof(output);
        if (output.bytes > entry->bytes - at || output.bytes == 0 ||
            output.address + output.bytes < output.address)
            return false;
        at += round_up(output.bytes);
    }
    return at == entry->bytes;
}

/* What was printed lies in the address space. */
static bool has_good_result(const struct call_entry *entry)
{
    return !entry->printed || (entry->printed <= 2 && entry->result >= 0 &&
                               entry->argument[1] + (uint64_t)entry->result >= entry->argument[1]);
}

static bool is_good(const uint8_t *bytes, size_t size)
{
    if (size < sizeof(struct call_entry))
        return false;
    struct call_entry entry = call_entry_at(bytes);
    return entry.bytes >= sizeof(entry) && entry.bytes % 8 == 0 && entry.bytes <= size &&
           entry.bytes <= CALL_ENTRY_BYTES_MAX && entry.outputs <= CALL_OUTPUTS_MAX &&
           has_good_result(&entry) && has_good_outputs(bytes, &entry);
}

struct call_entries call_entries_check(const uint8_t *bytes, size_t size)
{
    struct call_entries ret = {0};
    while (is_good(bytes + ret.size, size - ret.size)) {
        ret.size += call_entry_at(bytes + ret.size).bytes;
        ret.count++;
    }
    return ret;
}
