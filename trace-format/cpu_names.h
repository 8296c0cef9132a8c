/*
 * The CPU features of a trace's header by name, for messages and listings.
 */
#ifndef REEL_TRACE_FORMAT_CPU_NAMES_H
#define REEL_TRACE_FORMAT_CPU_NAMES_H

#include "engine/base/bytes.h"
#include "trace-format/header.h"

/* A feature that programs choose their code by. */
struct cpu_name {
    uint8_t word, bit; /* in cpu_features.word */
    const char *name;  /* as in /proc/cpuinfo */
};
extern const struct cpu_name cpu_names[];
extern const size_t cpu_name_count;

static inline bool cpu_has(const struct cpu_features *features, const struct cpu_name *name)
{
    return features->word[name->word] >> name->bit & 1;
}

/* Appends the names of those present, a space between, without a NUL. */
void cpu_names_text(struct buffer *buffer, const struct cpu_features *features);

#endif
