/*
 * The tracer gives up rdtsc together with its tracees.
 *
 * Tracees have PR_SET_TSC set to trap. Whether a task may read the time-stamp counter is a bit of
 * CR4, so a switch between one that may and one that may not writes that register, and on AMD
 * processors a hypervisor intercepts the write: two more exits from the guest with each ptrace
 * stop, which then costs 28 us instead of 10 (measured, EPYC under KVM). With the same setting on
 * both sides the kernel writes nothing.
 *
 * The price: rdtsc of our own (the vdso's clock_gettime, a sanitizer's runtime) traps too. A
 * handler answers it, slowly; what asks often uses tsc_read() or a real clock_gettime(2).
 */
#ifndef REEL_TRACEE_TSC_TRAP_H
#define REEL_TRACEE_TSC_TRAP_H

#include <stdint.h>

/*
 * For the calling thread, and the threads and processes that it starts from now on. May be refused,
 * which only costs time.
 */
void tsc_trap_join(void);

/* As before, for the calling thread: before it starts a program that is not to be traced. */
void tsc_trap_leave(void);

/* rdtscp, whether it traps or not. */
uint64_t tsc_read(uint32_t *processor);

#endif
