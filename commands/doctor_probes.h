/*
 * What `reel doctor` looks at besides processes and processor (engine/tracee/probe.h): where traces
 * go, and gdb.
 */
#ifndef REEL_COMMANDS_DOCTOR_PROBES_H
#define REEL_COMMANDS_DOCTOR_PROBES_H

#include "engine/tracee/probe.h"

extern const struct probe place_probes[];
extern const size_t place_probe_count;

#endif
