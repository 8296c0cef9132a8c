/*
 * What stands at the start of a trace (once), and at its end when the recording was ended in order.
 */
#ifndef REEL_TRACE_FORMAT_HEADER_H
#define REEL_TRACE_FORMAT_HEADER_H

#include "engine/base/types.h"

#define TRACE_VERSION 3        /* what this program writes */
#define TRACE_MINIMUM_READER 3 /* the oldest reader version that can read it */
#define TRACE_OLDEST 2         /* the oldest minimum reader of traces that this program reads */

/* What replay needs of a CPU. The words are cpuid registers (Intel SDM volume 2, CPUID). */
#define CPU_FEATURE_WORDS 8
struct cpu_features {
    uint32_t word[CPU_FEATURE_WORDS]; /* 1.ecx 1.edx 7.0.ebx 7.0.ecx 7.0.edx 7.1.eax 80000001.ecx
                                         80000001.edx */
    uint64_t xcr0;                    /* 0 without OSXSAVE */
    uint32_t xsave_bytes;             /* size of the XSAVE area as ptrace shows it */
};

struct trace_header {
    uint64_t recorded_at; /* seconds since the epoch */
    uint32_t cpu;         /* the processor that the recording was pinned to */
    struct cpu_features features;
    bool memory_checks;           /* recorded with --check=memory */
    bool chaos;                   /* recorded with --chaos, */
    uint64_t chaos_seed;          /* 0 without */
    uint64_t stack_limit;         /* RLIMIT_STACK, bytes; UINT64_MAX for none */
    const char *store;            /* absolute path of the content store */
    const char *directory;        /* the working directory */
    const char *const *arguments; /* as given to `reel record`, NULL-terminated */
};

struct trace_end {
    uint32_t status;      /* of the first process, as wait(2) gives it */
    uint64_t events;      /* of all streams */
    uint64_t nanoseconds; /* from the first to the last, by CLOCK_MONOTONIC */
};

#endif
