#include "trace-format/call_record.h"

#include <errno.h>
#include <string.h>

#include "trace-format/record_kinds.h"

uint8_t *call_record_put(uint8_t *at, const struct call_record *record)
{
    *at++ = RECORD_EVENT + EVENT_CALL_FAST;
    at = put_varint(at, record->tid);
    at = put_varint(at, record->step);
    at = put_varint(at, record->count);
    at = put_varint(at, record->size);
    memcpy(at, record->entries, record->size);
    return at + record->size;
}

bool call_record_take(struct call_record *ret, struct cursor *records)
{
    uint64_t tid = cursor_varint(records);
    struct call_record record = {.tid = (uint32_t)tid};
    record.step = cursor_varint(records);
    record.count = cursor_varint(records);
    record.size = (size_t)cursor_varint(records);
    record.entries = cursor_bytes(records, record.size);
    if (!record.entries || tid > UINT32_MAX || record.step == 0 || record.count == 0)
        return false;
    struct call_entries entries = call_entries_check(record.entries, record.size);
    if (entries.count != record.count || entries.size != record.size)
        return false;
    *ret = record;
    return true;
}

void call_record_drop(struct call_record *record)
{
    size_t bytes = call_entry_at(record->entries).bytes;
    record->entries += bytes;
    record->size -= bytes;
    record->count--;
}

static void set_registers(struct event *event, const struct call_entry *entry)
{
    static const enum trace_reg arguments[] = {TRACE_RDI, TRACE_RSI, TRACE_RDX,
                                               TRACE_R10, TRACE_R8,  TRACE_R9};
    uint64_t *before = event->before.value;
    for (size_t i = 0; i < ARRAY_LENGTH(arguments); i++)
        before[arguments[i]] = entry->argument[i];
    before[TRACE_RIP] = before[TRACE_RCX] = entry->rip;
    before[TRACE_RSP] = entry->rsp;
    before[TRACE_ORIG_RAX] = entry->number;
    before[TRACE_RAX] = (uint64_t)-ENOSYS;
    event->after = event->before;
    event->after.value[TRACE_RAX] = (uint64_t)entry->result;
}

static struct effect output_of(const struct call_entry *entry)
{
    return (struct effect){.kind = EFFECT_OUTPUT,
                           .address = taddr_of(entry->argument[1]),
                           .length = (uint64_t)entry->result,
                           .output = {.descriptor = entry->printed}};
}

size_t call_record_event(const struct call_record *record, struct event *ret,
                         struct effect *effects)
{
    struct call_entry entry = call_entry_at(record->entries);
    size_t count = 0, at = sizeof(entry);
    ret->kind = EVENT_CALL_FAST;
    ret->reach = REACH_CALL;
    ret->tid = record->tid;
    ret->entry = record->entries;
    ret->entries_size = record->size;
    set_registers(ret, &entry);
    if (entry.printed)
        effects[count++] = output_of(&entry);
    for (unsigned i = 0; i < entry.outputs; i++) {
        struct call_output output;
        const uint8_t *bytes;
        at = call_output_at(record->entries, at, &output, &bytes);
        effects[count++] = (struct effect){.kind = EFFECT_MEMORY,
                                           .address = taddr_of(output.address),
                                           .length = output.bytes,
                                           .bytes = bytes};
    }
    return count;
}
