/*
 * CALLS records: system calls that were recorded without a stop, as the hook in the tracee noted
 * them (engine/base/call_entry.h). One record has many; each is an event of kind CALL_FAST.
 *
 * Behind the kind and tid: the step of the first one's tick, how many, how many bytes, and the
 * entries as they were. The others' ticks follow the first one's, each by one.
 */
#ifndef REEL_TRACE_FORMAT_CALL_RECORD_H
#define REEL_TRACE_FORMAT_CALL_RECORD_H

#include "engine/base/bytes.h"
#include "engine/base/call_entry.h"
#include "trace-format/event.h"

struct call_record {
    uint32_t tid;
    uint64_t step;          /* of the tick, to the first */
    uint64_t count;         /* entries left */
    const uint8_t *entries; /* in the frame */
    size_t size;            /* their bytes */
};

#define CALL_RECORD_FIXED_MAX 32 /* bytes of a record before its entries */
#define CALL_EFFECTS_MAX (CALL_OUTPUTS_MAX + 1)

/* Writes the record to `at`, where there must be room for CALL_RECORD_FIXED_MAX bytes and the
 * entries, which were checked (call_entries_check()); returns where it ends. */
uint8_t *call_record_put(uint8_t *at, const struct call_record *record);

/* Reads a record behind its kind. False if it is not as it must be. */
bool call_record_take(struct call_record *ret, struct cursor *records);

/* The first entry as an event, all but number, tick and effects; and those, at most
 * CALL_EFFECTS_MAX, which point into the frame. Returns how many. */
size_t call_record_event(const struct call_record *record, struct event *ret,
                         struct effect *effects);

/* Takes the first entry away. */
void call_record_drop(struct call_record *record);

#endif
