#include "engine/translate/gates.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/translate/gate_condition.h"
#include "engine/translate/layout.h"
#include "engine/translate/point_test.h"

#define GATE_BYTES 16u
#define INT3 0xcc
#define JUMP 0xe9

_Static_assert(GATES_MAX *GATE_BYTES <= ENGINE_POINT_ON - ENGINE_GATES, "room for the gates");

const struct gate *gate_at(const struct translator *translator, uint64_t address)
{
    for (size_t i = 0; i < translator->gate_count; i++)
        if (translator->gates[i].address == address)
            return &translator->gates[i];
    return NULL;
}

uint32_t gate_code(const struct translator *translator, const struct gate *gate)
{
    return ENGINE_GATES + (uint32_t)(gate - translator->gates) * GATE_BYTES;
}

const struct gate *gate_of_code(const struct translator *translator, uint64_t code)
{
    uint64_t index = (code - ENGINE_GATES) / GATE_BYTES;
    return code >= ENGINE_GATES && index < translator->gate_count ? &translator->gates[index]
                                                                  : NULL;
}

/* Makes the gate a jump to `to`; 0: a trap. */
static struct error *lead(struct translator *translator, struct gate *gate, uint32_t to)
{
    uint32_t code = gate_code(translator, gate), offset = to - (code + 5);
    uint8_t bytes[5] = {to ? JUMP : INT3};
    if (gate->leads_to == to)
        return NULL;
    memcpy(bytes + 1, &offset, sizeof(offset));
    gate->leads_to = to;
    return tracee_write(translator->tracee, taddr_of(code), bytes, sizeof(bytes));
}

/* --- Notes
 * ------------------------------------------------------------------------------------------ */

#define NOTE_BYTES 64u
_Static_assert(GATES_MAX *NOTE_BYTES <= ENGINE_GATES + ENGINE_GATES_BYTES - ENGINE_NOTES,
               "room for the notes");
_Static_assert(BLOCK_SLACK <= INT8_MAX, "a displacement of a byte");

/* Writes the gate's note, which goes on at `to`. */
static struct error *write_note(struct translator *translator, struct gate *gate, uint32_t to,
                                uint32_t *ret)
{
    static const uint8_t add_slack[] = {0x48, 0x8d, 0x49, BLOCK_SLACK}; /* lea rcx, [rcx + …] */
    uint64_t index = (uint64_t)(gate - translator->gates);
    *ret = ENGINE_NOTES + (uint32_t)index * NOTE_BYTES;
    if (gate->notes_to == to)
        return NULL;
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emit_begin(emitter, *ret);
    emit_save(emitter, RCX, WORD_ASIDE_RCX);
    emit_load(emitter, RCX, WORD_REMAINING);
    emit_bytes(emitter, add_slack, sizeof(add_slack));
    emit_save(emitter, RCX, WORD_NOTE);
    emit_constant(emitter, RCX, index);
    emit_save(emitter, RCX, WORD_NOTE_WHICH);
    emit_load(emitter, RCX, WORD_ASIDE_RCX);
    emit_jump(emitter, to);
    gate->notes_to = to;
    return tracee_write(translator->tracee, taddr_of(*ret), emitter->bytes, emitter->size);
}

/* --- Ways through
 * ----------------------------------------------------------------------------------- */

static struct error *lead_to_block(struct translator *translator, struct gate *gate,
                                   const struct block *block)
{
    struct error *error = NULL;
    bool stops = gate->use == GATE_STOPS;
    if (!block || (stops && !gate->conditional))
        return lead(translator, gate, 0);
    uint32_t to = block->entry;
    if (gate->tests) {
        error = point_test_lead(translator, to);
        to = ENGINE_POINT_TEST;
    }
    uint32_t past = to;
    if (!error && gate->notes)
        error = write_note(translator, gate, to, &to);
    if (!error && gate->conditional)
        error = gate_condition_lead(translator, gate, stops ? 0 : to, past, &to);
    return error ? error : lead(translator, gate, to);
}

static struct error *lead_from(struct translator *translator, uint64_t address,
                               const struct block *block)
{
    const struct gate *gate = gate_at(translator, address);
    return gate ? lead_to_block(translator, &translator->gates[gate - translator->gates], block)
                : NULL;
}

struct error *gate_open(struct translator *translator, const struct block *block)
{
    return lead_from(translator, block->address, block);
}

struct error *gate_close(struct translator *translator, uint64_t address)
{
    return lead_from(translator, address, NULL);
}

struct error *gates_shut(struct translator *translator)
{
    struct error *error = NULL;
    for (size_t i = 0; i < translator->gate_count && !error; i++)
        error = lead(translator, &translator->gates[i], 0);
    return error;
}

/* --- The run's wishes
 * ------------------------------------------------------------------------------ */

/* Its place may have belonged to another address before: what stands there is not known. */
static struct error *add(struct translator *translator, uint64_t address)
{
    static const uint8_t trap = INT3;
    if (gate_at(translator, address))
        return NULL;
    struct gate *gate = &translator->gates[translator->gate_count++];
    *gate = (struct gate){.address = address};
    translator->stale = true;
    return tracee_write(translator->tracee, taddr_of(gate_code(translator, gate)), &trap, 1);
}

struct error *gates_add(struct translator *translator, const struct run_conditions *conditions)
{
    size_t wanted = conditions->breakpoint_count + (conditions->point != NULL);
    struct error *error = NULL;
    if (wanted > GATES_MAX)
        return error_new("set fewer breakpoints", "%zu breakpoints in one run", wanted);
    if (translator->gate_count + wanted > GATES_MAX) {
        translator->gate_count = 0; /* begin anew: only the run's own */
        translator->stale = true;
    }
    for (size_t i = 0; i < conditions->breakpoint_count && !error; i++)
        error = add(translator, conditions->breakpoints[i].address.value);
    if (!error && conditions->point)
        error = add(translator, conditions->point->regs.rip);
    return error;
}

static bool is_breakpoint(const struct run_conditions *conditions, uint64_t address)
{
    for (size_t i = 0; i < conditions->breakpoint_count; i++)
        if (conditions->breakpoints[i].address.value == address)
            return true;
    return false;
}

static struct error *set(struct translator *translator, struct gate *gate,
                         const struct run_conditions *conditions)
{
    bool breakpoint = is_breakpoint(conditions, gate->address);
    struct error *error = NULL;
    gate->use = breakpoint && !conditions->notes ? GATE_STOPS : GATE_LEADS_ON;
    gate->notes = breakpoint && conditions->notes;
    gate->tests = conditions->point && conditions->point->regs.rip == gate->address;
    gate->conditional = false;
    if (breakpoint)
        error = gate_condition_write(translator, gate, conditions, &gate->conditional);
    return error
               ? error
               : lead_to_block(translator, gate, translator_known_block(translator, gate->address));
}

struct error *gates_set(struct translator *translator, const struct run_conditions *conditions)
{
    struct error *error =
        conditions->point ? point_test_write(translator, conditions->point) : NULL;
    for (size_t i = 0; i < translator->gate_count && !error; i++)
        error = set(translator, &translator->gates[i], conditions);
    return error;
}
