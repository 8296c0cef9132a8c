/*
 * What the hook shares with those outside: where it is, its state, and its buffer.
 *
 *   0x70000000  the reel page (reel_page.h)
 *   0x70002000  the hook's code            (executable; the same in tracees and vessels)
 *   0x70004000  the plan: what it does with each call (read-only)
 *   0x70006000  stubs of programs within 2 GB of here
 *   0x70008000  struct hook_state          (private memory: a fork copies it)
 *   0x70009000  its stack, to 0x7000c000
 *   0x76000000  slots, while recording: memory shared with the recorder, one slot an address space
 *   0x77200000  in a vessel: its slot
 *
 * One task of an address space runs at a time, and none is left standing in the hook while another
 * runs: so one state, one stack and one buffer do for all of them.
 *
 * A *window* is the five or more bytes of whole instructions before a `syscall`; a patched one
 * begins with a jump to its *stub*: the window's instructions, then
 *
 *     movabs $behind-the-syscall, %rcx;  mov $HOOK_ENTRY, %r11d;  jmp *%r11
 *
 * since the syscall destroys rcx and r11 in any case. The hook goes on behind the syscall if it has
 * served the call, else at it: the call is then made as if there were no hook. So nothing of the
 * program ever sees an address of ours.
 */
#ifndef REEL_FASTPATH_HOOK_ABI_H
#define REEL_FASTPATH_HOOK_ABI_H

#define HOOK_CODE 0x70002000
#define HOOK_CODE_BYTES 0x2000
#define HOOK_ENTRY HOOK_CODE
#define HOOK_NOT_SERVED (HOOK_CODE + 0x100) /* where to go on after a fault before the call */
#define HOOK_LEAVE_CALL (HOOK_CODE + 0x180)
#define HOOK_PLAN 0x70004000
#define HOOK_PLAN_BYTES 0x2000
#define HOOK_STUBS 0x70006000
#define HOOK_STUBS_BYTES 0x2000
#define HOOK_STATE 0x70008000
#define HOOK_STACK_END 0x7000c000
#define HOOK_STATE_BYTES 0x4000 /* state and stack */
#define HOOK_SLOTS 0x76000000
#define HOOK_SLOTS_COUNT 64
#define HOOK_VESSEL_SLOT 0x77200000
#define HOOK_SLOT_BYTES 0x80000

/* Offsets in struct hook_state, for the assembler. */
#define HOOK_STATE_RSP 0
#define HOOK_STATE_SLOT 8
#define HOOK_STATE_REPLAYS 16
#define HOOK_STATE_LEAVE 20
#define HOOK_STATE_RESUME_AT 24
#define HOOK_STATE_RESULT 32

#ifndef __ASSEMBLER__
#include "engine/base/call_entry.h"

struct hook_state {
    uint64_t rsp;     /* the program's, while it is in the hook */
    uint64_t slot;    /* address of the slot; 0: all calls are traced */
    uint32_t replays; /* else it records */
    uint32_t leave;   /* set from outside while a task is in the hook or a stub: it is to stop when
                         it leaves it, at the traced call at HOOK_LEAVE_CALL, with */
    uint64_t resume_at; /* where it was to go, and */
    uint64_t result;    /* its rax */
    uint32_t made;      /* the call has been made: what faults now is not for us to repeat */
};

#define HOOK_DESCRIPTORS 1024

struct hook_slot {
    uint32_t used;          /* bytes of `entries` that are whole entries */
    uint32_t taken;         /* replays: bytes of them that the hook has taken */
    uint32_t stop;          /* set from outside: the next call is to be traced */
    uint32_t alone;         /* set from outside: nobody waits for the turn */
    uint32_t done;          /* bytes of the traced call to come that were written already */
    uint32_t wakes;         /* calls that woke somebody */
    uint32_t yields;        /* the task leaves so that those whom it woke may have the turn */
    uint32_t fault_blocked; /* set from outside: the running task blocks SIGSEGV */
    uint32_t reserved[8];
    uint8_t descriptor[HOOK_DESCRIPTORS]; /* enum hook_descriptor */
    uint8_t entries[HOOK_SLOT_BYTES - HOOK_DESCRIPTORS - 64];
};
_Static_assert(sizeof(struct hook_slot) == HOOK_SLOT_BYTES, "whole slots");
_Static_assert(sizeof(struct call_entry) == 80, "no padding");

/* What is known of a descriptor. */
enum hook_descriptor {
    DESCRIPTOR_UNKNOWN, /* its calls are traced, and the recorder may find out */
    DESCRIPTOR_TRACED,
    DESCRIPTOR_PLAIN,      /* reads and writes do not wait for anybody */
    DESCRIPTOR_READ_PLAIN, /* reads do not; writes are traced */
    DESCRIPTOR_STREAM,     /* they may wait, and know RWF_NOWAIT: pipes, sockets, eventfds */
};
#endif
#endif
