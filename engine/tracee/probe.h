/*
 * What this machine offers, found by trying and not by comparing versions: a container's seccomp
 * profile or a hypervisor refuses what the kernel's version promises.
 *
 * Each probe is one function that leaves the calling process as it was: what would change it, or
 * could kill it, happens in a forked child.
 */
#ifndef REEL_TRACEE_PROBE_H
#define REEL_TRACEE_PROBE_H

#include <sys/types.h>

#include "engine/base/error.h"
#include "engine/base/types.h"

struct probe_result {
    bool present;
    char detail[240]; /* the numbers, or why not; may be empty */
};

enum probe_need {
    PROBE_NEEDED,   /* nothing works without */
    PROBE_OPTIONAL, /* reel does without, at the price that `without` names */
};

struct probe {
    const char *name;
    enum probe_need need;
    void (*run)(struct probe_result *ret);
    const char *without; /* what follows when it is missing, and what the user can do */
};

/* What processes are controlled with, and what the processor has. */
extern const struct probe probes[];
extern const size_t probe_count;

/* For the functions of a table. */
void probe_present(struct probe_result *ret, const char *format, ...) PRINTF_LIKE(2, 3);
void probe_missing(struct probe_result *ret, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same with ": " and strerror(errno). */
void probe_failed(struct probe_result *ret, const char *what);

#endif
