/*
 * The probes of processor and memory; their table is in probe.c.
 */
#ifndef REEL_TRACEE_PROBE_MACHINE_H
#define REEL_TRACEE_PROBE_MACHINE_H

#include "engine/tracee/probe.h"

void probe_xsave(struct probe_result *ret);
void probe_pagemap(struct probe_result *ret);
void probe_pagemap_scan(struct probe_result *ret);
void probe_userfaultfd(struct probe_result *ret);
void probe_cpuid_fault(struct probe_result *ret);
void probe_processors(struct probe_result *ret);

#endif
