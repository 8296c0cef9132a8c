#include "trace-format/reg_table.h"

#include <stdlib.h>
#include <string.h>

void reg_table_deinit(struct reg_table *table)
{
    free(table->entries);
    *table = (struct reg_table){0};
}

void reg_table_clear(struct reg_table *table)
{
    table->generation++;
    table->count = 0;
}

/* The task's entry, or the empty one where it would go. */
static struct reg_entry *probe(const struct reg_table *table, uint32_t tid)
{
    size_t at = tid * 0x9e3779b1u & (table->capacity - 1);
    while (table->entries[at].generation == table->generation && table->entries[at].tid != tid)
        at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

static bool grow(struct reg_table *table)
{
    struct reg_table bigger = *table;
    bigger.capacity = table->capacity ? 2 * table->capacity : 8;
    bigger.entries = calloc(bigger.capacity, sizeof(*bigger.entries));
    if (!bigger.entries)
        return false;
    if (bigger.generation == 0)
        bigger.generation = 1; /* so that calloc's entries are empty */
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].generation == table->generation)
            *probe(&bigger, table->entries[i].tid) = table->entries[i];
    }
    free(table->entries);
    *table = bigger;
    return true;
}

struct trace_regs *reg_table_of(struct reg_table *table, uint32_t tid)
{
    if (2 * (table->count + 1) > table->capacity && !grow(table))
        return NULL;
    struct reg_entry *entry = probe(table, tid);
    if (entry->generation != table->generation) {
        entry->generation = table->generation;
        entry->tid = tid;
        memset(&entry->regs, 0, sizeof(entry->regs));
        table->count++;
    }
    return &entry->regs;
}
