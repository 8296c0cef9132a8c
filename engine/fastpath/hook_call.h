/*
 * The parts of the hook, inside the tracee: no libc, no memory but its own, no vector registers.
 * hook.c decides, hook_files.c and hook_waits.c have the shapes of calls, hook_entries.c writes
 * what came of them, hook_replay.c is what there is of it in a vessel.
 *
 * It may fault only before it has made the call: the recorder then has the call traced
 * (hook_not_served). What it reads of the program's memory before that is the program's risk, as it
 * is the kernel's: EFAULT.
 */
#ifndef REEL_FASTPATH_HOOK_CALL_H
#define REEL_FASTPATH_HOOK_CALL_H

#include "engine/fastpath/hook_abi.h"
#include "engine/fastpath/hook_plan.h"

/* The program's registers, as hook_entry.S pushes them. */
struct hook_call {
    uint64_t r9, r8, r10, rdx, rsi, rdi;
    uint64_t rax; /* the call's number; when it was served, its result */
    uint64_t rip; /* behind the syscall instruction */
    uint64_t flags;
};

#define STATE ((volatile struct hook_state *)HOOK_STATE)
#define PLAN ((const struct hook_plan *)HOOK_PLAN)

long hook_kernel_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                      uint64_t f);

#define KERNEL2(number, a, b) hook_kernel_call(number, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)

/* The call as the program made it. */
static inline long as_it_is(const struct hook_call *call)
{
    return hook_kernel_call((long)call->rax, call->rdi, call->rsi, call->rdx, call->r10, call->r8,
                            call->r9);
}

static inline uint64_t argument(const struct hook_call *call, unsigned index)
{
    switch (index) {
    case 0:
        return call->rdi;
    case 1:
        return call->rsi;
    case 2:
        return call->rdx;
    case 3:
        return call->r10;
    case 4:
        return call->r8;
    default:
        return call->r9;
    }
}

#define NOT_SERVED (-4096l) /* no result of a call: those end at -4095 */

static inline int is_error(long result)
{
    return result < 0;
}

/* --- hook_entries.c -------------------------------------------------------------------------- */

/* The entry that is being written. */
struct hook_draft {
    struct hook_slot *slot;
    uint8_t *at;
    unsigned outputs;
};

/* Whether outputs of so many bytes fit one entry, and the slot. To be asked before the call. */
int has_room(const struct hook_slot *slot, uint64_t bytes);
void begin_entry(struct hook_draft *draft, struct hook_slot *slot);
void add_output(struct hook_draft *draft, uint64_t address, uint64_t bytes);
void end_entry(struct hook_draft *draft, const struct hook_call *call, long result);

/* --- hook_files.c, hook_waits.c: the shapes; the result, or NOT_SERVED -------------------------
 */

long serve_read(struct hook_slot *slot, const struct hook_call *call);
long serve_write(struct hook_slot *slot, const struct hook_call *call);
long serve_readv(struct hook_slot *slot, const struct hook_call *call);
long serve_writev(struct hook_slot *slot, const struct hook_call *call);
long serve_file_read(struct hook_slot *slot, const struct hook_call *call);
long serve_file_write(struct hook_slot *slot, const struct hook_call *call);
long serve_copy(const struct hook_slot *slot, const struct hook_call *call, uint64_t from,
                uint64_t to);
long serve_open(struct hook_slot *slot, const struct hook_call *call, unsigned variant);
long serve_close(struct hook_slot *slot, const struct hook_call *call);
long serve_dup(struct hook_slot *slot, const struct hook_call *call);
long serve_pipe(struct hook_slot *slot, const struct hook_call *call);
long serve_socket(struct hook_slot *slot, const struct hook_call *call);
long serve_socketpair(struct hook_slot *slot, const struct hook_call *call);
long serve_set_option(struct hook_slot *slot, const struct hook_call *call);
long serve_fcntl(struct hook_slot *slot, const struct hook_call *call);
long serve_ioctl(const struct hook_slot *slot, const struct hook_call *call);
long serve_receive(struct hook_slot *slot, const struct hook_call *call);
long serve_send(struct hook_slot *slot, const struct hook_call *call);
long serve_futex(struct hook_slot *slot, const struct hook_call *call);
long serve_poll(const struct hook_call *call, unsigned variant);
long serve_epoll_wait(const struct hook_call *call, unsigned variant);

/* Outputs that the plan does not tell. */
void add_fcntl_outputs(struct hook_draft *draft, const struct hook_call *call, long result);
void add_ioctl_outputs(struct hook_draft *draft, const struct hook_call *call, long result);
void add_futex_outputs(struct hook_draft *draft, const struct hook_call *call, long result);
void add_readv_outputs(struct hook_draft *draft, const struct hook_call *call, long result);

/* What is known of a descriptor, and what is from now on. */
unsigned descriptor_kind(const struct hook_slot *slot, uint64_t descriptor);
void set_descriptor(struct hook_slot *slot, long descriptor, unsigned kind);

/* --- hook_replay.c --------------------------------------------------------------------------- */

/* Whether the call is the slot's next; then its outputs are where they belong, and call->rax is its
 * result. */
int hook_replay(struct hook_slot *slot, struct hook_call *call);

#endif
