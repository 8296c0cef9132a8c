#include "engine/translate/code_check.h"

#include "engine/translate/aside.h"

#define NOT_EQUAL 0x85

static size_t piece_of(size_t left)
{
    return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/* mov rax, [address]; cmp rax, [copy]; or eax, ax, al. */
static void emit_piece(struct emitter *emitter, uint64_t address, size_t piece, uint32_t copy)
{
    static const uint8_t prefixes[] = {[2] = 0x66, [8] = 0x48};
    const uint8_t wide = piece > 1, load = 0xa0 | wide;
    const uint8_t compare[] = {0x3a | wide, 0x04, 0x25};
    const size_t has_prefix = prefixes[piece] != 0;
    emit_bytes(emitter, &prefixes[piece], has_prefix);
    emit_bytes(emitter, &load, 1);
    emit_bytes(emitter, &address, sizeof(address));
    emit_bytes(emitter, &prefixes[piece], has_prefix);
    emit_bytes(emitter, compare, sizeof(compare));
    emit_bytes(emitter, &copy, sizeof(copy));
}

void emit_code_check(struct emitter *emitter, uint64_t address, const uint8_t *bytes, size_t size,
                     uint32_t block, struct code_check *ret)
{
    uint32_t copy = emit_here(emitter);
    emit_bytes(emitter, bytes, size);
    ret->other = emit_here(emitter);
    emit_take_back(emitter);
    ret->trap = emit_here(emitter);
    emit_trap(emitter);
    ret->start = emit_here(emitter);
    emit_put_aside(emitter);
    for (size_t at = 0, piece; at < size; at += piece) {
        piece = piece_of(size - at);
        if (size >= 8 && piece < 8) { /* the last one overlaps the one before */
            at = size - 8;
            piece = 8;
        }
        emit_piece(emitter, address + at, piece, copy + (uint32_t)at);
        emit_branch(emitter, NOT_EQUAL, ret->other);
    }
    emit_take_back(emitter);
    emit_jump(emitter, block);
}
