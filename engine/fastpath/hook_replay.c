#include "engine/fastpath/hook_call.h"

static int is_same_call(const struct call_entry *entry, const struct hook_call *call)
{
    return entry->rip == call->rip && entry->rsp == STATE->rsp && entry->number == call->rax &&
           entry->argument[0] == call->rdi && entry->argument[1] == call->rsi &&
           entry->argument[2] == call->rdx && entry->argument[3] == call->r10 &&
           entry->argument[4] == call->r8 && entry->argument[5] == call->r9;
}

/* Writes where the program has the output, which may be memory that only the kernel could write:
 * such an output faults, and is applied from outside. */
static void copy(uint64_t to, const void *from, uint64_t bytes)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

int hook_replay(struct hook_slot *slot, struct hook_call *call)
{
    const uint8_t *at = slot->entries + slot->taken;
    const struct call_entry *entry = (const struct call_entry *)at;
    if (slot->taken >= slot->used || !is_same_call(entry, call))
        return 0;
    at += sizeof(*entry);
    for (unsigned i = 0; i < entry->outputs; i++) {
        const struct call_output *output = (const struct call_output *)at;
        copy(output->address, output + 1, output->bytes);
        at += sizeof(*output) + ((output->bytes + 7) & ~7ull);
    }
    slot->taken += entry->bytes;
    call->rax = (uint64_t)entry->result;
    return 1;
}
