/*
 * Windows of a vessel: where SITE effects allow a jump to a stub (engine/fastpath/hook_abi.h).
 *
 * They are patched one by one, when a call that is to be served comes from there; and all taken out
 * before anybody looks at the program's code or counts its instructions. In between, whoever reads
 * the program's memory sees its own bytes (vessel_hide_windows()).
 *
 * Patched or not, the program does the same: with an empty slot the hook has the call made by the
 * program's own syscall instruction.
 */
#ifndef REEL_REPLAY_VESSEL_WINDOWS_H
#define REEL_REPLAY_VESSEL_WINDOWS_H

#include "engine/fastpath/stub.h"
#include "replay/vessel.h"

struct vessel_window {
    uint64_t start;
    uint64_t stub_address;
    uint8_t length;
    bool patched;
    bool refused; /* no stub can be made of it */
    uint8_t original[STUB_JUMP_BYTES];
    struct stub stub; /* while patched */
};

/* Where stubs may be. */
struct vessel_stubs {
    uint64_t address, length;
};

#define WINDOWS_RECENT 64

struct vessel_windows {
    struct vessel_window *window; /* by start; they do not overlap */
    size_t count, capacity;
    size_t patched; /* how many */
    struct vessel_stubs *stubs;
    size_t stubs_count;
    uint64_t recent[WINDOWS_RECENT]; /* rips behind sites whose window is patched; 0: none */
    bool has_hook;                   /* vessel_hook.c */
};

void vessel_windows_deinit(struct vessel_windows *windows);

/* After a fork: the copy has them as they are. */
struct error *vessel_copy_windows(struct vessel *copy, const struct vessel *vessel) MUST_CHECK;

/* What any effect does to windows: before it is applied. */
struct error *vessel_follow_windows(struct vessel *vessel, const struct effect *effect) MUST_CHECK;

struct error *vessel_add_site(struct vessel *vessel, const struct effect *effect) MUST_CHECK;

/* Notes where stubs may be; it has been mapped. */
struct error *vessel_add_stubs(struct vessel *vessel, const struct effect *effect) MUST_CHECK;

/* Patches the window of the syscall right before `rip`, unless there is none or a breakpoint is in
 * the way; *ret: whether it is patched now. */
struct error *vessel_patch_window(struct vessel *vessel, uint64_t rip,
                                  const struct run_conditions *conditions, bool *ret) MUST_CHECK;

/* Takes all out. */
struct error *vessel_unpatch_windows(struct vessel *vessel) MUST_CHECK;

/* Takes out those that a native run must not have: with watches, which would see the hook at work,
 * all; else those in which a breakpoint is. */
struct error *vessel_unpatch_for(struct vessel *vessel,
                                 const struct run_conditions *conditions) MUST_CHECK;

/* Takes one out. */
struct error *vessel_unpatch(struct vessel *vessel, struct vessel_window *window) MUST_CHECK;

/* The patched window in whose stub the address is, or NULL; and whether it is where stubs are. */
struct vessel_window *vessel_window_of_stub(struct vessel *vessel, uint64_t address);

/* `bytes` were read from `address`: puts the program's own in place of jumps. */
void vessel_hide_windows(const struct vessel *vessel, taddr address, uint8_t *bytes, size_t size);

#endif
