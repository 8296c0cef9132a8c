#include "engine/fastpath/hook_call.h"

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + 7) & ~7ull;
}

static void copy(void *to, uint64_t from, uint64_t bytes)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

/* Besides the outputs: the entry, and a head and padding for each of them. */
#define ROOM_BESIDES                                                                               \
    (sizeof(struct call_entry) + CALL_OUTPUTS_MAX * (sizeof(struct call_output) + 8))

int has_room(const struct hook_slot *slot, uint64_t bytes)
{
    return bytes <= CALL_ENTRY_BYTES_MAX - ROOM_BESIDES && slot->used <= sizeof(slot->entries) &&
           bytes + ROOM_BESIDES <= sizeof(slot->entries) - slot->used;
}

void begin_entry(struct hook_draft *draft, struct hook_slot *slot)
{
    draft->slot = slot;
    draft->at = slot->entries + slot->used + sizeof(struct call_entry);
    draft->outputs = 0;
}

/* Small ones by words: string instructions take long to begin. */
void add_output(struct hook_draft *draft, uint64_t address, uint64_t bytes)
{
    struct call_output *output = (struct call_output *)draft->at;
    uint64_t *to = (uint64_t *)(output + 1);
    if (!address || !bytes)
        return;
    *output = (struct call_output){.address = address, .bytes = bytes};
    to[(bytes - 1) / 8] = 0; /* what follows its bytes */
    if (bytes % 8 == 0 && bytes <= 256)
        for (uint64_t i = 0; i < bytes / 8; i++)
            to[i] = ((const uint64_t *)address)[i];
    else
        copy(to, address, bytes);
    draft->at += sizeof(*output) + round_up(bytes);
    draft->outputs++;
}

/* Its bytes count, in `used`, when they are all there: a task may be killed at any instruction. */
void end_entry(struct hook_draft *draft, const struct hook_call *call, long result)
{
    struct hook_slot *slot = draft->slot;
    struct call_entry *entry = (struct call_entry *)(slot->entries + slot->used);
    entry->bytes = (uint32_t)(draft->at - (uint8_t *)entry);
    entry->number = (uint16_t)call->rax;
    entry->outputs = (uint8_t)draft->outputs;
    entry->printed = 0;
    entry->rip = call->rip;
    entry->rsp = STATE->rsp;
    entry->argument[0] = call->rdi;
    entry->argument[1] = call->rsi;
    entry->argument[2] = call->rdx;
    entry->argument[3] = call->r10;
    entry->argument[4] = call->r8;
    entry->argument[5] = call->r9;
    entry->result = result;
    __atomic_store_n(&slot->used, slot->used + entry->bytes, __ATOMIC_RELEASE);
}
