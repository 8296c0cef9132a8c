/*
 * The last known registers of each task within one frame: what the delta coding of registers is
 * relative to. Writer and reader keep the same table by the same rules (FORMAT.md, "Registers").
 *
 * A pointer into the table lives until the next reg_table_of().
 */
#ifndef REEL_TRACE_FORMAT_REG_TABLE_H
#define REEL_TRACE_FORMAT_REG_TABLE_H

#include "trace-format/event.h"

struct reg_entry {
    uint64_t generation; /* the entry is empty unless this is the table's */
    uint32_t tid;
    struct trace_regs regs;
};

struct reg_table {
    struct reg_entry *entries; /* open addressing, linear probing */
    size_t capacity;           /* a power of two, or 0 */
    size_t count;
    uint64_t generation; /* from 1 when in use */
};

void reg_table_deinit(struct reg_table *table);

/* Forgets all tasks; keeps the memory. */
void reg_table_clear(struct reg_table *table);

/* The task's registers, all zero for one not seen since the last clear; NULL without memory. */
struct trace_regs *reg_table_of(struct reg_table *table, uint32_t tid);

#endif
