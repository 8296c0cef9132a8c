/*
 * The vessel: the kernel process that carries a replayed address space.
 *
 * It begins as a program of one page, the reel page; everything else is unmapped, its descriptors
 * are closed, it has a session of its own, and a seccomp filter kills it for any system call but
 * those injected from the reel page. Then it is filled from a keyframe. It has no libc, no rseq, no
 * robust list; all signals have their default action and none is blocked. It runs one task of the
 * recording at a time: whichever register set is loaded.
 *
 *   0x70000000  the reel page          0x70001000  a page for what injected calls point to
 */
#ifndef REEL_REPLAY_VESSEL_H
#define REEL_REPLAY_VESSEL_H

#include "engine/count/run.h"
#include "engine/tracee/tracee.h"
#include "trace-format/event.h"
#include "trace-format/store.h"

struct vessel;

/* A new, empty vessel. `store` must outlive it and its forks. */
struct error *vessel_create(const struct store *store, struct vessel **ret) MUST_CHECK;

/* A copy in the state that the vessel is in, stopped: a checkpoint costs one fork. */
struct error *vessel_fork(struct vessel *vessel, struct vessel **ret) MUST_CHECK;

/* The copy that the program's own fork makes: without what it advised not to hand on. */
struct error *vessel_fork_as_recorded(struct vessel *vessel, struct vessel **ret) MUST_CHECK;

/* Kills it. */
void vessel_destroy(struct vessel *vessel);

struct tracee *vessel_tracee(struct vessel *vessel);

/* run_counted() of the task that is loaded: translated where there is some way to go, else by
 * single steps. */
struct error *vessel_run_counted(struct vessel *vessel, const struct run_conditions *conditions,
                                 uint64_t limit, struct run_result *ret) MUST_CHECK;

/* The program's memory as it is, with patches of instructions as they were in the recording, and
 * without what only this replay has patched. Returns how many bytes could be read, from the start.
 */
size_t vessel_read(struct vessel *vessel, taddr address, void *bytes, size_t size);

/* The program's memory as the program made it: without patches. Returns how many bytes could be
 * read, from the start. */
size_t vessel_read_original(struct vessel *vessel, taddr address, void *bytes, size_t size);

/* Does to the address space what the effects of memory, mappings and code say. */
struct error *vessel_apply(struct vessel *vessel, const struct effect *effect) MUST_CHECK;

#endif
