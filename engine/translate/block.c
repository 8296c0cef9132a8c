#include "engine/translate/block.h"

#include "engine/translate/layout.h"

static struct block_insn *begin_insn(struct emitter *emitter, struct block *block,
                                     struct block_insn *insns, const struct insn *insn)
{
    struct block_insn *entry = &insns[block->count++];
    *entry = (struct block_insn){.code = emit_here(emitter),
                                 .offset = (uint16_t)(insn->address - block->address)};
    return entry;
}

static void add_exit(struct block *block, enum exit_kind kind, uint32_t trap, uint32_t offset,
                     uint64_t target)
{
    block->exits[block->exit_count++] =
        (struct block_exit){.kind = kind, .trap = trap, .offset = offset, .target = target};
}

/* A jump to a trap behind it, until it is linked. */
static void exit_direct(struct emitter *emitter, struct block *block, uint64_t target)
{
    emit_jump(emitter, emit_here(emitter) + 5);
    add_exit(block, EXIT_DIRECT, emit_here(emitter), emit_here(emitter) - 4, target);
    emit_trap(emitter);
}

static void exit_stop(struct emitter *emitter, struct block *block, uint64_t address)
{
    add_exit(block, EXIT_STOP, emit_here(emitter), 0, address);
    emit_trap(emitter);
}

/* --- Instructions
 * -------------------------------------------------------------------------------------------- */

static void emit_plain(struct emitter *emitter, struct insn *insn, struct block_insn *entry)
{
    if (!insn->relative) {
        emit_bytes(emitter, insn->bytes, insn->length);
        return;
    }
    entry->saved = SAVED_BASE;
    entry->base = insn->base;
    emit_save(emitter, insn->base, WORD_BASE);
    entry->saved_from = emit_here(emitter);
    emit_constant(emitter, insn->base, insn->address + insn->length);
    emit_bytes(emitter, insn->bytes, insn->length);
    emit_load(emitter, insn->base, WORD_BASE);
    entry->saved_to = emit_here(emitter);
}

/* Puts rcx away for the rest of the block's code. */
static void save_rcx(struct emitter *emitter, struct block_insn *entry)
{
    emit_save(emitter, RCX, WORD_RCX);
    entry->saved = SAVED_RCX;
    entry->saved_from = emit_here(emitter);
    entry->saved_to = UINT32_MAX;
}

static void emit_call(struct emitter *emitter, struct block *block, const struct insn *insn,
                      struct block_insn *entry)
{
    save_rcx(emitter, entry);
    emit_push(emitter, insn->address + insn->length);
    emit_load(emitter, RCX, WORD_RCX);
    entry->saved_to = emit_here(emitter);
    exit_direct(emitter, block, insn->target);
}

static void emit_return(struct emitter *emitter, const struct insn *insn, struct block_insn *entry,
                        uint32_t lookup)
{
    static const uint8_t load[] = {0x48, 0x8b, 0x0c, 0x24};    /* mov rcx, [rsp] */
    static const uint8_t release[] = {0x48, 0x8d, 0xa4, 0x24}; /* lea rsp, [rsp + 32 bits] */
    uint32_t bytes = 8u + insn->release;
    save_rcx(emitter, entry);
    emit_bytes(emitter, load, sizeof(load));
    emit_bytes(emitter, release, sizeof(release));
    emit_bytes(emitter, &bytes, sizeof(bytes));
    emit_jump(emitter, lookup);
}

static bool emit_indirect(struct emitter *emitter, const struct insn *insn,
                          struct block_insn *entry, uint32_t lookup)
{
    uint8_t load[INSN_BYTES_MAX + 1];
    size_t size = insn_load_rcx(insn, load);
    if (!size)
        return false;
    save_rcx(emitter, entry);
    if (insn->relative)
        emit_constant(emitter, RCX, insn->address + insn->length);
    emit_bytes(emitter, load, size);
    if (insn->kind == INSN_CALL_INDIRECT) {
        emit_save(emitter, RCX, WORD_TARGET);
        emit_push(emitter, insn->address + insn->length);
        emit_load(emitter, RCX, WORD_TARGET);
    }
    emit_jump(emitter, lookup);
    return true;
}

/* Taken and not taken: each its own jump, and its own trap. */
static void emit_conditional(struct emitter *emitter, struct block *block, const struct insn *insn)
{
    uint32_t fall_offset, taken_offset;
    if (insn->kind == INSN_BRANCH) {
        emit_branch(emitter, insn->condition, emit_here(emitter) + 6 + 5 + 1);
        taken_offset = emit_here(emitter) - 4;
        emit_jump(emitter, emit_here(emitter) + 5);
        fall_offset = emit_here(emitter) - 4;
    } else { /* there is only a form with a short offset: over the first of two jumps */
        const uint8_t over[] = {insn->bytes[0], 5};
        emit_bytes(emitter, over, sizeof(over));
        emit_jump(emitter, emit_here(emitter) + 5 + 5);
        fall_offset = emit_here(emitter) - 4;
        emit_jump(emitter, emit_here(emitter) + 5 + 1);
        taken_offset = emit_here(emitter) - 4;
    }
    add_exit(block, EXIT_DIRECT, emit_here(emitter), fall_offset, insn->address + insn->length);
    emit_trap(emitter);
    add_exit(block, EXIT_DIRECT, emit_here(emitter), taken_offset, insn->target);
    emit_trap(emitter);
}

/* --- Blocks
 * ---------------------------------------------------------------------------------------------------
 */

/* One instruction into the block; false if it cannot be there, and the block ends before it. *last:
 * it ends the block. */
static bool emit_insn(struct emitter *emitter, struct block *block, struct block_insn *insns,
                      struct insn *insn, uint32_t lookup, bool *last)
{
    uint8_t ignored[INSN_BYTES_MAX + 1];
    *last = insn->kind != INSN_PLAIN;
    switch (insn->kind) {
    case INSN_SYSCALL:
    case INSN_SINGLE:
        return false;
    case INSN_PLAIN:
        if (insn->relative && !insn_rebase(insn))
            return false;
        emit_plain(emitter, insn, begin_insn(emitter, block, insns, insn));
        return true;
    case INSN_JUMP:
        begin_insn(emitter, block, insns, insn);
        exit_direct(emitter, block, insn->target);
        return true;
    case INSN_BRANCH:
    case INSN_COUNT_BRANCH:
        begin_insn(emitter, block, insns, insn);
        emit_conditional(emitter, block, insn);
        return true;
    case INSN_CALL:
        emit_call(emitter, block, insn, begin_insn(emitter, block, insns, insn));
        return true;
    case INSN_RETURN:
        emit_return(emitter, insn, begin_insn(emitter, block, insns, insn), lookup);
        return true;
    case INSN_JUMP_INDIRECT:
    case INSN_CALL_INDIRECT:
        if (!insn_load_rcx(insn, ignored))
            return false;
        return emit_indirect(emitter, insn, begin_insn(emitter, block, insns, insn), lookup);
    }
    return false;
}

/* The instructions of the block, to its exit; their number is known only then, and the count stands
 * before them. */
static void emit_body(uint64_t address, const uint8_t *bytes, size_t size,
                      const struct block_limits *limits, struct emitter *emitter,
                      struct block *block, struct block_insn *insns)
{
    uint64_t at = address;
    bool last = false;
    while (!last && block->count < BLOCK_INSNS_MAX) {
        struct insn insn;
        if (at != address && limits->ends_before(limits->context, at))
            break;
        insn_decode(bytes + (at - address), size - (at - address), at, &insn);
        if (!emit_insn(emitter, block, insns, &insn, limits->lookup, &last)) {
            exit_stop(emitter, block, at);
            block->source_bytes = (uint16_t)(at - address);
            return;
        }
        at += insn.length;
        if (limits->checked && insn.writes_memory)
            break;
    }
    block->source_bytes = (uint16_t)(at - address);
    if (!last)
        exit_direct(emitter, block, at);
}

bool block_translate(uint64_t address, const uint8_t *bytes, size_t size,
                     const struct block_limits *limits, struct emitter *emitter, struct block *ret,
                     struct block_insn *insns)
{
    struct emitter count = *emitter;
    *ret = (struct block){.address = address, .code = emit_here(emitter)};
    emit_count(&count, 1); /* to know its length, which does not depend on the number */
    size_t start = emitter->size;
    emitter->size = count.size;
    emit_body(address, bytes, size, limits, emitter, ret, insns);
    ret->end = emit_here(emitter);
    if (ret->count && !emitter->full) {
        size_t end = emitter->size;
        emitter->size = start;
        ret->limit_trap = emit_count(emitter, ret->count);
        emitter->size = end;
    } else if (!emitter->full) { /* no instruction: just the trap */
        emitter->size = start;
        ret->exit_count = 0;
        exit_stop(emitter, ret, address);
        ret->end = emit_here(emitter);
    }
    ret->entry = ret->code;
    if (limits->checked && ret->count) {
        emit_code_check(emitter, address, bytes, ret->source_bytes, ret->code, &ret->check);
        ret->checked = true;
        ret->entry = ret->check.start;
        ret->end = emit_here(emitter);
    }
    return !emitter->full;
}
