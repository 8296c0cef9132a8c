#include "engine/tracee/string_insn.h"

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return (byte & 0xf0) == 0x40; /* REX */
    }
}

struct insn_prefixes insn_prefixes(const uint8_t *bytes, size_t size)
{
    struct insn_prefixes prefixes = {0};
    for (; prefixes.length < size && is_prefix(bytes[prefixes.length]); prefixes.length++) {
        uint8_t byte = bytes[prefixes.length];
        prefixes.repeats = prefixes.repeats || byte == 0xf2 || byte == 0xf3;
    }
    return prefixes;
}

bool is_string_opcode(uint8_t opcode)
{
    return (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf) ||
           (opcode >= 0x6c && opcode <= 0x6f);
}

size_t rep_string_length(const uint8_t *bytes, size_t size)
{
    struct insn_prefixes prefixes = insn_prefixes(bytes, size);
    bool is_one =
        prefixes.repeats && prefixes.length < size && is_string_opcode(bytes[prefixes.length]);
    return is_one ? prefixes.length + 1 : 0;
}
