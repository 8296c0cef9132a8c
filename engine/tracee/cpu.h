/*
 * What this processor can do, as far as a replay depends on it (Intel SDM volume 2, CPUID and
 * XGETBV).
 */
#ifndef REEL_TRACEE_CPU_H
#define REEL_TRACEE_CPU_H

#include "engine/base/types.h"

#define CPU_WORDS 8

/* words: cpuid 1.ecx 1.edx 7.0.ebx 7.0.ecx 7.0.edx 7.1.eax 80000001.ecx 80000001.edx; xsave_bytes:
 * as ptrace shows it. */
void cpu_features_read(uint32_t words[CPU_WORDS], uint64_t *xcr0, uint32_t *xsave_bytes);

/* Where a component of the XSAVE area lies in the standard layout (cpuid 0xD); false if the
 * processor lacks it. */
bool cpu_xsave_component(unsigned component, uint32_t *offset, uint32_t *size);

/* A feature that `recorded` has and `here` lacks, for people ("AVX2", or "bit 3 of cpuid 7.0.ecx");
 * NULL if none. */
const char *cpu_missing_feature(const uint32_t recorded[CPU_WORDS], const uint32_t here[CPU_WORDS],
                                char *text, size_t size);

#endif
