/*
 * What a process has used of the machine.
 */
#ifndef REEL_TRACEE_USAGE_H
#define REEL_TRACEE_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
    uint64_t nanoseconds; /* of the processor */
    uint64_t faults;      /* that needed no reading from disk: pages made or copied */
};

/* From the kernel; zero where it does not say. */
struct usage process_usage(pid_t process);

#endif
