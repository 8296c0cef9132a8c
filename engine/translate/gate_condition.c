#include "engine/translate/gate_condition.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/translate/aside.h"
#include "engine/translate/layout.h"

/* A gate's room. */
#define ROOM_BYTES 512u
#define PAST 32u
#define TEST 64u
#define CONSTANTS (ROOM_BYTES - 8 * CONDITIONS_MAX)

_Static_assert(GATES_MAX *ROOM_BYTES <= ENGINE_CONDITIONS_BYTES, "room for the conditions");
_Static_assert(ENGINE_CONDITIONS + ENGINE_CONDITIONS_BYTES == ENGINE_GATES + ENGINE_GATES_BYTES &&
                   ENGINE_CONDITIONS + ENGINE_CONDITIONS_BYTES <= ENGINE_TARGETS,
               "mapped, and free");

#define EMIT(emitter, ...)                                                                         \
    emit_bytes(emitter, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint32_t room_of(const struct translator *translator, const struct gate *gate)
{
    return ENGINE_CONDITIONS + (uint32_t)(gate - translator->gates) * ROOM_BYTES;
}

/* --- The test -------------------------------------------------------------------------------- */

#define MOVE 0x89
#define ADD 0x01
#define LOAD_ASIDE 0x8b
#define ADD_ASIDE 0x03

/* op rax, register; the program's rax is put away. */
static void emit_with_register(struct emitter *emitter, uint8_t reg, uint8_t op, uint8_t op_aside)
{
    const uint32_t word = WORD_ASIDE_RAX;
    if (reg == RAX) {
        EMIT(emitter, 0x48, op_aside, 0x04, 0x25); /* op rax, [word] */
        emit_bytes(emitter, &word, sizeof(word));
    } else {
        EMIT(emitter, (uint8_t)(0x48 | reg >> 3 << 2), op, (uint8_t)(0xc0 | (reg & 7) << 3));
    }
}

/* rax: what `operand` (a mod/rm byte for rax or [rax]) has, extended. */
static void emit_extend(struct emitter *emitter, const struct condition *condition, uint8_t operand)
{
    bool is_signed = condition->is_signed;
    if (condition->size == 1 && is_signed)
        EMIT(emitter, 0x48, 0x0f, 0xbe, operand); /* movsx rax, byte */
    else if (condition->size == 1)
        EMIT(emitter, 0x0f, 0xb6, operand); /* movzx eax, byte */
    else if (condition->size == 2 && is_signed)
        EMIT(emitter, 0x48, 0x0f, 0xbf, operand);
    else if (condition->size == 2)
        EMIT(emitter, 0x0f, 0xb7, operand);
    else if (condition->size == 4 && is_signed)
        EMIT(emitter, 0x48, 0x63, operand); /* movsxd */
    else if (condition->size == 4)
        EMIT(emitter, 0x8b, operand); /* mov eax */
    else
        EMIT(emitter, 0x48, 0x8b, operand);
}

static uint8_t branch_of(const struct condition *condition)
{
    static const uint8_t unsigned_branch[] = {
        [IF_EQUAL] = 0x84,         [IF_NOT_EQUAL] = 0x85, [IF_LESS] = 0x82,
        [IF_LESS_OR_EQUAL] = 0x86, [IF_GREATER] = 0x87,   [IF_GREATER_OR_EQUAL] = 0x83,
    };
    static const uint8_t signed_branch[] = {
        [IF_EQUAL] = 0x84,         [IF_NOT_EQUAL] = 0x85, [IF_LESS] = 0x8c,
        [IF_LESS_OR_EQUAL] = 0x8e, [IF_GREATER] = 0x8f,   [IF_GREATER_OR_EQUAL] = 0x8d,
    };
    return condition->is_signed ? signed_branch[condition->compare]
                                : unsigned_branch[condition->compare];
}

/* To `holds` if it does. */
static void emit_condition(struct emitter *emitter, const struct condition *condition,
                           uint32_t constant, uint32_t holds)
{
    if (condition->operand == CONDITION_ON_REGISTER) {
        emit_with_register(emitter, condition->reg, MOVE, LOAD_ASIDE);
        emit_extend(emitter, condition, 0xc0);
    } else {
        emit_constant(emitter, RAX, condition->offset);
        if (condition->reg != CONDITION_NO_REGISTER)
            emit_with_register(emitter, condition->reg, ADD, ADD_ASIDE);
        emit_extend(emitter, condition, 0x00);
    }
    EMIT(emitter, 0x48, 0x3b, 0x04, 0x25); /* cmp rax, [constant] */
    emit_bytes(emitter, &constant, sizeof(constant));
    emit_branch(emitter, branch_of(condition), holds);
}

struct error *gate_condition_write(struct translator *translator, const struct gate *gate,
                                   const struct run_conditions *conditions, bool *ret)
{
    uint32_t room = room_of(translator, gate);
    uint64_t constants[CONDITIONS_MAX];
    size_t count = 0;
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    *ret = false;
    emit_begin(emitter, room + TEST);
    emit_put_aside(emitter);
    for (size_t i = 0; i < conditions->breakpoint_count; i++) {
        const struct condition *condition = &conditions->breakpoints[i].condition;
        if (conditions->breakpoints[i].address.value != gate->address)
            continue;
        if (condition->operand == CONDITION_NONE)
            return NULL;
        if (count == CONDITIONS_MAX || !condition_is_valid(condition))
            return error_new("remove some", "too many conditions at %#lx", gate->address);
        emit_condition(emitter, condition, room + CONSTANTS + 8 * (uint32_t)count, room);
        constants[count++] = condition_extend(condition, condition->constant);
    }
    emit_jump(emitter, room + PAST);
    if (emitter->full || TEST + emitter->size > CONSTANTS)
        return error_new("please report it", "the conditions at %#lx are too long", gate->address);
    *ret = true;
    struct error *error =
        tracee_write(translator->tracee, taddr_of(room + TEST), emitter->bytes, emitter->size);
    return error ? error
                 : tracee_write(translator->tracee, taddr_of(room + CONSTANTS), constants,
                                count * sizeof(*constants));
}

struct error *gate_condition_lead(struct translator *translator, const struct gate *gate,
                                  uint32_t holds, uint32_t past, uint32_t *ret)
{
    static const uint8_t traps[PAST] = {[0 ... PAST - 1] = 0xcc};
    uint32_t room = room_of(translator, gate);
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emit_begin(emitter, room);
    emit_take_back(emitter);
    if (holds)
        emit_jump(emitter, holds);
    emit_bytes(emitter, traps, PAST - emitter->size);
    emit_take_back(emitter);
    emit_jump(emitter, past);
    *ret = room + TEST;
    return tracee_write(translator->tracee, taddr_of(room), emitter->bytes, emitter->size);
}

/* --- Stops within ---------------------------------------------------------------------------- */

const struct gate *gate_condition_at(const struct translator *translator, uint64_t code)
{
    uint64_t index = (code - ENGINE_CONDITIONS) / ROOM_BYTES;
    return code >= ENGINE_CONDITIONS && index < translator->gate_count ? &translator->gates[index]
                                                                       : NULL;
}

struct error *gate_condition_restore(struct translator *translator, uint64_t code)
{
    uint64_t offset = (code - ENGINE_CONDITIONS) % ROOM_BYTES;
    /* What the test leads to comes before it: all is away there, or back and as it was put away. */
    return aside_restore(translator->tracee, offset < TEST ? TEST : offset - TEST);
}
