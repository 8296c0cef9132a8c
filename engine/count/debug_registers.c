#include "engine/count/debug_registers.h"

#define CONTROL 7
#define STATUS 6

size_t debug_slots(const struct run_conditions *conditions,
                   struct debug_slot slots[DEBUG_REGISTERS])
{
    size_t used = 0;
    for (size_t i = 0; i < conditions->watch_count; i++) {
        const struct watch *watch = &conditions->watches[i];
        uint64_t at = watch->address.value, end = at + watch->length;
        while (at < end && used <= DEBUG_REGISTERS) {
            unsigned length = 8;
            while (at % length || length > end - at)
                length /= 2;
            if (used < DEBUG_REGISTERS)
                slots[used] = (struct debug_slot){.address = at,
                                                  .length = length,
                                                  .reads = watch->access & WATCHES_READS,
                                                  .watch = i};
            used++;
            at += length;
        }
    }
    return used;
}

bool run_fits(const struct run_conditions *conditions)
{
    struct debug_slot slots[DEBUG_REGISTERS];
    return debug_slots(conditions, slots) <= DEBUG_REGISTERS;
}

/* The bits of DR7 for one slot: enabled for the task; 1 = writes, 3 = reads and writes; length
 * code. */
static uint64_t control_bits(unsigned index, const struct debug_slot *slot)
{
    static const uint64_t length_code[9] = {[1] = 0, [2] = 1, [4] = 3, [8] = 2};
    uint64_t condition = slot->reads ? 3 : 1;
    return 1ull << (2 * index) | (condition | length_code[slot->length] << 2) << (16 + 4 * index);
}

struct error *debug_registers_arm(struct tracee *tracee, const struct debug_slot *slots,
                                  size_t count)
{
    uint64_t control = 0;
    struct error *error = NULL;
    for (unsigned i = 0; !error && i < count; i++) {
        error = tracee_set_debug_reg(tracee, i, slots[i].address);
        control |= control_bits(i, &slots[i]);
    }
    if (!error && count)
        error = tracee_set_debug_reg(tracee, CONTROL, control);
    if (!error && count)
        error = tracee_set_debug_reg(tracee, STATUS, 0);
    return error;
}

struct error *debug_registers_disarm(struct tracee *tracee, size_t count)
{
    return count ? tracee_set_debug_reg(tracee, CONTROL, 0) : NULL;
}

struct error *debug_registers_hit(struct tracee *tracee, size_t count, int *ret)
{
    uint64_t status = 0;
    *ret = -1;
    if (!count)
        return NULL;
    struct error *error = tracee_get_debug_reg(tracee, STATUS, &status);
    if (error)
        return error;
    for (unsigned i = 0; i < count && *ret < 0; i++)
        if (status >> i & 1)
            *ret = (int)i;
    return status & 0xf ? tracee_set_debug_reg(tracee, STATUS, 0) : NULL;
}
