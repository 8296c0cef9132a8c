#include "engine/translate/block.h"

#include "engine/translate/layout.h"

/* Code that comes behind the path's own, with a jump there. */
enum later_kind {
    LATER_SIDE_EXIT,
    LATER_PAYMENT_TRAP,
    LATER_RETURN, /* that went elsewhere than expected */
    LATER_CONSTANT,
};

struct later {
    enum later_kind kind;
    uint32_t index; /* of the instruction */
    int16_t unpaid; /* behind it */
    bool saved_rcx; /* rcx is in WORD_RCX, and the flags are untouched; else the reverse */
    size_t jump;    /* to be pointed here */
};

enum payment_kind {
    PAY_NOTHING,
    PAY_BEFORE_FLAGS, /* the instruction sets the flags */
    PAY_AND_TELL,     /* flags are told again */
    PAY_QUIETLY,      /* flags are not touched */
};

struct builder {
    const struct path *path;
    bool cut;
    struct emitter *emitter;
    struct block_parts *parts;
    enum payment_kind payment; /* of the path: for all of it, */
    uint32_t payment_at;       /* before this instruction (the number of them: at the end) */
    int32_t paid;
    struct watch_sites *watches; /* NULL: nothing is watched */
    uint32_t later_count;
    struct later laters[3 * PATH_INSNS_MAX];
};

/* --- Parts ----------------------------------------------------------------------------------- */

static struct block_place *begin_place(struct builder *builder, uint32_t index, uint64_t address)
{
    struct block_place *place = &builder->parts->places[builder->parts->block.place_count++];
    *place = (struct block_place){.address = address,
                                  .code = emit_here(builder->emitter),
                                  .unpaid = (int16_t)((int32_t)index - builder->paid)};
    return place;
}

static void trap_exit(struct builder *builder, enum exit_kind kind, uint32_t trap, uint32_t offset,
                      int32_t unpaid, uint64_t target)
{
    builder->parts->exits[builder->parts->block.exit_count++] = (struct block_exit){
        .kind = kind, .unpaid = (int16_t)unpaid, .trap = trap, .offset = offset, .target = target};
}

/* An int3 that is an exit. */
static void emit_exit(struct builder *builder, enum exit_kind kind, int32_t unpaid, uint64_t target)
{
    trap_exit(builder, kind, emit_here(builder->emitter), 0, unpaid, target);
    emit_trap(builder->emitter);
}

static void add_later(struct builder *builder, enum later_kind kind, uint32_t index, size_t jump)
{
    builder->laters[builder->later_count++] =
        (struct later){.kind = kind,
                       .index = index,
                       .unpaid = (int16_t)((int32_t)index + 1 - builder->paid),
                       .jump = jump};
}

static void tell_flags(struct builder *builder, int16_t teller)
{
    uint8_t bytes[INSN_AGAIN_MAX];
    size_t size = insn_again(&builder->path->insns[teller].insn, bytes);
    emit_bytes(builder->emitter, bytes, size);
}

/* Which instruction tells the flags before the one at `index`. */
static int16_t teller_at(const struct path *path, uint32_t index)
{
    return index < path->count ? path->insns[index].flags : path->flags;
}

static uint64_t address_at(const struct path *path, uint32_t index)
{
    return index < path->count ? path->insns[index].insn.address : path->target;
}

/* --- The payment for the path ---------------------------------------------------------------- */

/* As late as possible, so that it is not made for those who leave. */
static void choose_payment(struct builder *builder)
{
    const struct path *path = builder->path;
    builder->payment = PAY_NOTHING;
    if (builder->cut || path->end == PATH_STOPS)
        return;
    uint32_t last = path->end == PATH_GOES_INDIRECT ? path->count - 1 : path->count;
    for (uint32_t i = path->count; i-- > 0;) {
        if (!path->insns[i].insn.sets_flags)
            continue;
        builder->payment = PAY_BEFORE_FLAGS;
        builder->payment_at = i;
        return;
    }
    for (uint32_t i = last + 1; i-- > 0;) {
        if (teller_at(path, i) == NO_INSN)
            continue;
        builder->payment = PAY_AND_TELL;
        builder->payment_at = i;
        return;
    }
    builder->payment = PAY_QUIETLY;
    builder->payment_at = last;
}

static void pay_and_trap(struct builder *builder, int32_t count, uint32_t index)
{
    emit_subtract(builder->emitter, count);
    size_t jump = emit_branch(builder->emitter, CONDITION_NEGATIVE, 0);
    builder->paid += count;
    add_later(builder, LATER_PAYMENT_TRAP, index, jump);
}

/* Returns whether the instruction has been executed with it. */
static bool emit_payment(struct builder *builder, uint32_t index)
{
    const struct path *path = builder->path;
    struct emitter *emitter = builder->emitter;
    int32_t all = (int32_t)path->count;
    begin_place(builder, index, address_at(path, index));
    switch (builder->payment) {
    case PAY_BEFORE_FLAGS:
        pay_and_trap(builder, all, index);
        emit_bytes(emitter, path->insns[index].insn.bytes, path->insns[index].insn.length);
        return true;
    case PAY_AND_TELL:
        pay_and_trap(builder, all, index);
        tell_flags(builder, teller_at(path, index));
        return false;
    case PAY_QUIETLY:
        builder->paid += all;
        trap_exit(builder, EXIT_STOP, emit_subtract_quietly(emitter, all), 0,
                  (int32_t)index - builder->paid, address_at(path, index));
        return false;
    case PAY_NOTHING:
        break;
    }
    return false;
}

/* Where a payment found too little: what comes behind it there, then the trap. */
static void emit_payment_trap(struct builder *builder, const struct later *later)
{
    const struct path *path = builder->path;
    if (builder->payment == PAY_BEFORE_FLAGS) {
        const struct insn *insn = &path->insns[later->index].insn;
        emit_bytes(builder->emitter, insn->bytes, insn->length);
        emit_exit(builder, EXIT_STOP, later->unpaid, path_next(path, later->index));
        return;
    }
    tell_flags(builder, teller_at(path, later->index));
    emit_exit(builder, EXIT_STOP, later->unpaid - 1, address_at(path, later->index));
}

/* --- Plain instructions ---------------------------------------------------------------------- */

/* By way of a register that holds the address behind the instruction. */
static bool emit_by_base(struct builder *builder, struct insn *insn, struct block_place *place)
{
    struct emitter *emitter = builder->emitter;
    if (!insn_rebase(insn))
        return false;
    place->saved_in = SAVED_IN_WORD_BASE;
    place->saved = insn->base;
    emit_save(emitter, insn->base, WORD_BASE);
    place->saved_from = (uint8_t)(emit_here(emitter) - place->code);
    emit_constant(emitter, insn->base, insn->address + insn->length);
    emit_bytes(emitter, insn->bytes, insn->length);
    if (!insn->is_load)
        emit_load(emitter, insn->base, WORD_BASE);
    place->saved_to = (uint8_t)(emit_here(emitter) - place->code);
    return true;
}

static bool emit_plain(struct builder *builder, const struct path_insn *entry,
                       struct block_place *place)
{
    struct insn insn = entry->insn;
    if (insn.relative && insn.is_address) {
        emit_constant(builder->emitter, insn.base, insn.target);
        return true;
    }
    if (insn.relative && !insn_move(&insn, emit_here(builder->emitter)))
        return emit_by_base(builder, &insn, place);
    emit_bytes(builder->emitter, insn.bytes, insn.length);
    return true;
}

/* --- Branches, calls, returns ---------------------------------------------------------------- */

static void emit_side_exit(struct builder *builder, const struct path_insn *entry, uint32_t index)
{
    struct emitter *emitter = builder->emitter;
    const struct insn *insn = &entry->insn;
    size_t jump;
    bool taken = entry->exit == EXIT_IF_TAKEN;
    if (insn->kind == INSN_BRANCH) {
        uint8_t condition = taken ? insn->condition : insn->condition ^ OPPOSITE_CONDITION;
        jump = emit_branch(emitter, condition, 0);
    } else { /* there is only a form with a short offset, over a jump that leads out of here */
        const uint8_t to_exit[] = {insn->bytes[0], 2, 0xeb, 5}, over_exit[] = {insn->bytes[0], 5};
        emit_bytes(emitter, taken ? to_exit : over_exit,
                   taken ? sizeof(to_exit) : sizeof(over_exit));
        jump = emit_jump(emitter, 0);
    }
    add_later(builder, LATER_SIDE_EXIT, index, jump);
}

static void put_rcx_away(struct builder *builder, struct block_place *place)
{
    emit_save(builder->emitter, RCX, WORD_RCX);
    place->saved_in = SAVED_IN_WORD_RCX;
    place->saved = RCX;
    place->saved_from = (uint8_t)(emit_here(builder->emitter) - place->code);
    place->saved_to = UINT8_MAX;
}

static void emit_push_return(struct builder *builder, uint32_t index)
{
    const struct insn *insn = &builder->path->insns[index].insn;
    uint64_t address = insn->address + insn->length;
    if (address <= INT32_MAX)
        emit_push(builder->emitter, (uint32_t)address);
    else
        add_later(builder, LATER_CONSTANT, index, emit_push_from(builder->emitter));
}

/* With the target in rcx. */
static void emit_leave_indirect(struct builder *builder, uint32_t index)
{
    if (builder->cut)
        emit_exit(builder, EXIT_INDIRECT, (int32_t)index + 1 - builder->paid, 0);
    else
        emit_go_to_rcx(builder->emitter);
}

static void emit_return(struct builder *builder, const struct insn *insn, uint32_t index,
                        struct block_place *place)
{
    static const uint8_t load[] = {0x48, 0x8b, 0x0c, 0x24}; /* mov rcx, [rsp] */
    put_rcx_away(builder, place);
    emit_bytes(builder->emitter, load, sizeof(load));
    emit_release(builder->emitter, 8u + insn->release);
    emit_leave_indirect(builder, index);
}

/* A comparison of both halves, by flags or by rcx; the rest of both is the same. */
static void emit_expected_return(struct builder *builder, const struct path_insn *entry,
                                 uint32_t index, struct block_place *place)
{
    struct emitter *emitter = builder->emitter;
    bool quietly = entry->flags == NO_INSN;
    if (quietly)
        put_rcx_away(builder, place);
    for (uint8_t half = 0; half < 2; half++) {
        uint32_t value = (uint32_t)(entry->expected >> (32 * half));
        size_t jump, same = 0;
        if (quietly) {
            emit_load_stack(emitter, (uint8_t)(4 * half));
            emit_compare_ecx(emitter, value);
            same = emit_jump_if_rcx_zero(emitter);
            jump = emit_jump(emitter, 0);
            emit_land(emitter, same);
        } else {
            emit_compare_stack(emitter, (uint8_t)(4 * half), value);
            jump = emit_branch(emitter, CONDITION_NOT_EQUAL, 0);
        }
        add_later(builder, LATER_RETURN, index, jump);
        builder->laters[builder->later_count - 1].saved_rcx = quietly;
    }
    if (quietly)
        emit_load(emitter, RCX, WORD_RCX);
    else
        tell_flags(builder, entry->flags);
    emit_release(emitter, 8u + entry->insn.release);
}

static bool emit_indirect(struct builder *builder, const struct insn *insn, uint32_t index,
                          struct block_place *place)
{
    uint8_t load[INSN_BYTES_MAX + 1];
    size_t size = insn_load_rcx(insn, load);
    if (!size)
        return false;
    put_rcx_away(builder, place);
    if (insn->relative)
        emit_constant(builder->emitter, RCX, insn->address + insn->length);
    emit_bytes(builder->emitter, load, size);
    if (insn->kind == INSN_CALL_INDIRECT)
        emit_push_return(builder, index);
    emit_leave_indirect(builder, index);
    return true;
}

/* --- What comes behind ----------------------------------------------------------------------- */

/* Pays for what has been executed; false: nothing is due. *trap: where the jump is that leads to
 * the trap, if it is none itself. */
static void emit_side_payment(struct builder *builder, const struct later *later, int16_t teller,
                              int32_t behind, uint64_t address)
{
    struct emitter *emitter = builder->emitter;
    if (teller == NO_INSN) {
        trap_exit(builder, EXIT_STOP, emit_subtract_quietly(emitter, later->unpaid), 0, behind,
                  address);
        return;
    }
    emit_subtract(emitter, later->unpaid);
    if (later->unpaid > 0) {
        size_t enough = emit_branch(emitter, CONDITION_NEGATIVE ^ OPPOSITE_CONDITION, 0);
        tell_flags(builder, teller);
        emit_exit(builder, EXIT_STOP, behind, address);
        emit_point(emitter, enough, emit_here(emitter));
    }
    tell_flags(builder, teller);
}

static void emit_direct_exit(struct builder *builder, int32_t unpaid, uint64_t target)
{
    struct emitter *emitter = builder->emitter;
    if (builder->cut) {
        emit_exit(builder, EXIT_DIRECT, unpaid, target);
        return;
    }
    emit_jump(emitter, emit_here(emitter) + 5);
    trap_exit(builder, EXIT_DIRECT, emit_here(emitter), emit_here(emitter) - 4, 0, target);
    emit_trap(emitter);
}

static void emit_later_side_exit(struct builder *builder, const struct later *later)
{
    const struct path_insn *entry = &builder->path->insns[later->index];
    uint64_t target = path_exit_target(entry);
    if (later->unpaid && !builder->cut)
        emit_side_payment(builder, later, entry->flags, 0, target);
    emit_direct_exit(builder, later->unpaid, target);
}

static void emit_later_return(struct builder *builder, const struct later *later)
{
    const struct path_insn *entry = &builder->path->insns[later->index];
    if (later->saved_rcx)
        emit_load(builder->emitter, RCX, WORD_RCX);
    if (later->unpaid)
        emit_side_payment(builder, later, later->saved_rcx ? NO_INSN : entry->flags, -1,
                          entry->insn.address);
    else if (!later->saved_rcx)
        tell_flags(builder, entry->flags);
    builder->paid = (int32_t)later->index + 1;
    emit_return(builder, &entry->insn, later->index,
                begin_place(builder, later->index, entry->insn.address));
}

static void emit_laters(struct builder *builder)
{
    for (uint32_t i = 0; i < builder->later_count && !builder->emitter->full; i++) {
        const struct later *later = &builder->laters[i];
        const struct insn *insn = &builder->path->insns[later->index].insn;
        if (later->kind == LATER_CONSTANT) {
            emit_push_here(builder->emitter, later->jump, insn->address + insn->length);
            continue;
        }
        emit_point(builder->emitter, later->jump, emit_here(builder->emitter));
        if (later->kind == LATER_SIDE_EXIT)
            emit_later_side_exit(builder, later);
        else if (later->kind == LATER_PAYMENT_TRAP)
            emit_payment_trap(builder, later);
        else
            emit_later_return(builder, later);
    }
}

/* --- Blocks ---------------------------------------------------------------------------------- */

/* The checks have a place of their own, before the instruction's. */
static bool emit_watched(struct builder *builder, const struct insn *insn, uint32_t index)
{
    if (!builder->watches)
        return true;
    begin_place(builder, index, insn->address);
    return emit_watch_checks(builder->emitter, insn->bytes, insn->length, insn->address,
                             BLOCK_SLACK - ((int32_t)index - builder->paid), builder->watches);
}

static bool emit_insn(struct builder *builder, uint32_t index)
{
    const struct path_insn *entry = &builder->path->insns[index];
    if (!emit_watched(builder, &entry->insn, index))
        return false;
    struct block_place *place = begin_place(builder, index, entry->insn.address);
    switch (entry->insn.kind) {
    case INSN_PLAIN:
        return emit_plain(builder, entry, place);
    case INSN_JUMP:
        return true;
    case INSN_BRANCH:
    case INSN_COUNT_BRANCH:
        emit_side_exit(builder, entry, index);
        return true;
    case INSN_CALL:
        emit_push_return(builder, index);
        return true;
    case INSN_RETURN:
        if (entry->exit == EXIT_UNLESS_TO)
            emit_expected_return(builder, entry, index, place);
        else
            emit_return(builder, &entry->insn, index, place);
        return true;
    case INSN_JUMP_INDIRECT:
    case INSN_CALL_INDIRECT:
        return emit_indirect(builder, &entry->insn, index, place);
    case INSN_SYSCALL:
    case INSN_SINGLE:
        break;
    }
    return false;
}

static void emit_end(struct builder *builder)
{
    const struct path *path = builder->path;
    int32_t unpaid = (int32_t)path->count - builder->paid;
    if (path->end == PATH_GOES_ON)
        emit_direct_exit(builder, unpaid, path->target);
    else if (path->end == PATH_STOPS)
        emit_exit(builder, EXIT_STOP, unpaid, path->target);
}

static bool emit_path(struct builder *builder)
{
    const struct path *path = builder->path;
    for (uint32_t i = 0; i < path->count && !builder->emitter->full; i++) {
        bool executed =
            builder->payment != PAY_NOTHING && builder->payment_at == i && emit_payment(builder, i);
        if (!executed && !emit_insn(builder, i))
            return false;
    }
    if (builder->payment != PAY_NOTHING && builder->payment_at == path->count)
        emit_payment(builder, path->count);
    emit_end(builder);
    return true;
}

static void set_range(struct block *block, const struct path *path)
{
    block->lowest = block->behind = path->address;
    for (uint32_t i = 0; i < path->count; i++) {
        const struct insn *insn = &path->insns[i].insn;
        if (insn->address < block->lowest)
            block->lowest = insn->address;
        if (insn->address + insn->length > block->behind)
            block->behind = insn->address + insn->length;
    }
}

static void emit_check(struct emitter *emitter, const struct path *path, struct block *block)
{
    uint8_t bytes[PATH_BYTES_MAX];
    size_t size = path_bytes(path, bytes);
    emit_code_check(emitter, path->address, bytes, size, block->code, &block->check);
    block->checked = true;
    block->entry = block->check.start;
}

bool block_emit(const struct path *path, enum block_kind kind, struct watch_sites *watches,
                struct emitter *emitter, struct block_parts *ret)
{
    struct builder builder = {.path = path,
                              .cut = kind == BLOCK_CUT,
                              .emitter = emitter,
                              .parts = ret,
                              .watches = watches->watched ? watches : NULL};
    watches->count = 0;
    struct block *block = &ret->block;
    *block = (struct block){
        .address = path->address, .code = emit_here(emitter), .entry = emit_here(emitter)};
    set_range(block, path);
    choose_payment(&builder);
    if (!emit_path(&builder))
        return false;
    emit_laters(&builder);
    emit_watch_sites(emitter, watches);
    if (kind == BLOCK_CHECKED)
        emit_check(emitter, path, block);
    while (emit_here(emitter) - block->code < BLOCK_BYTES_MIN && !emitter->full)
        emit_trap(emitter);
    block->end = emit_here(emitter);
    block->door = block->entry;
    return !emitter->full;
}
