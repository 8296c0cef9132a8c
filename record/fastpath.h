/*
 * The fast path's part of a group (engine/fastpath/hook_abi.h says what it is): its slot, and what
 * is patched in its code. Private to record/.
 *
 *   fast_setup.c        the segment of slots; a slot for each address space, at exec and fork
 *   fast_drain.c        what the hook wrote becomes events
 *   fast_windows.c      which windows are patched, and when they must not be
 *   fast_stubs.c        room for stubs, and putting a window's jump in place
 *   fast_descriptors.c  what the hook may do with which descriptor
 *   fast_inside.c       tasks that are stopped in the hook or a stub
 */
#ifndef REEL_RECORD_FASTPATH_H
#define REEL_RECORD_FASTPATH_H

#include <sys/types.h>
#include <sys/user.h>

#include "engine/base/error.h"
#include "engine/fastpath/hook_abi.h"
#include "engine/fastpath/stub.h"
#include "trace-format/store.h"

struct recorder;
struct task;
struct group;

/* A window that begins with a jump to its stub. */
struct patched_window {
    uint64_t start, stub;
    uint8_t length;
    uint8_t original[STUB_JUMP_BYTES];
    bool used, inherited;       /* executed; patched in the process that this one is a fork of */
    struct store_name contents; /* of the file that it is in, */
    uint64_t site;              /* and where */
};

/* Memory of ours in the program's address space, for stubs. */
struct stub_area {
    uint64_t start, end, next; /* the first free byte */
    bool announced;            /* the trace has it */
};
#define STUB_AREAS 8
#define INTERRUPTED_MAX 32

struct fastpath {
    struct hook_slot *slot; /* NULL: all calls are traced */
    uint32_t drained;       /* bytes of the slot's entries that are events already */
    unsigned strangers;     /* tasks of other processes (vfork): their descriptors are others */
    bool shares_files;      /* with another address space: nothing is known of descriptors */
    struct patched_window *window; /* by address */
    size_t count, capacity;
    struct stub_area area[STUB_AREAS];
    size_t areas;
    /* Where handlers have interrupted code between events, and may return to: no window is patched
     * around these. Too many: none is patched any more. */
    uint64_t interrupted[INTERRUPTED_MAX];
    unsigned interruptions;
};

/* --- fast_setup.c ---------------------------------------------------------------------------- */

/* Makes the segment; without it, or if the options say so, everything is traced. */
void fast_begin(struct recorder *recorder);
void fast_end(struct recorder *recorder);

/* At an exec, with the reel page and what is behind it mapped: the hook, and a slot. */
struct error *fast_attach(struct recorder *recorder, struct task *task) MUST_CHECK;

/* The child of a fork, at its first stop: a slot of its own. `shares_files`: the parent's
 * descriptors. */
struct error *fast_fork(struct recorder *recorder, struct task *creator, struct task *child,
                        bool shares_files) MUST_CHECK;

/* A task of another process has joined the group: until it leaves all calls are traced. */
void fast_join_stranger(struct task *task, bool shares_files);

/* The group ends. */
void fast_release(struct recorder *recorder, struct group *group);

/* --- fast_drain.c ---------------------------------------------------------------------------- */

/* At any stop of a task of the group, before anything else is made of it. */
struct error *fast_drain(struct recorder *recorder, struct group *group) MUST_CHECK;

/* At a stop of the task itself: what its calls have made of its mask. */
struct error *fast_follow_mask(struct task *task) MUST_CHECK;

/* The task, whose mask is known, is the one to run on: the hook must know whether it blocks
 * SIGSEGV. */
void fast_show_mask(const struct task *task);

/* The current task stands outside of the hook: the slot begins anew, and the hook serves calls
 * unless there is a reason to stop at the next. */
void fast_renew(struct task *task);

/* Whether other tasks wait for the turn has changed. */
void fast_set_alone(struct group *group);

/* The group's next call is to be traced. */
void fast_stop_at_call(struct group *group);

/* --- fast_windows.c -------------------------------------------------------------------------- */

/* At the exit of a traced call that the hook might have served: patches its window, if it has one.
 */
struct error *fast_patch_site(struct recorder *recorder, struct task *task) MUST_CHECK;

/* [start, end) shows stored contents from `offset` on, executable: patches what was learned about
 * them. */
struct error *fast_patch_known(struct recorder *recorder, struct task *task, uint64_t start,
                               uint64_t end, const struct store_name *contents,
                               uint64_t offset) MUST_CHECK;

/* At the entry of a call that changes the address space: what it may touch is as it was. */
struct error *fast_unpatch_for_call(struct task *task,
                                    const struct user_regs_struct *regs) MUST_CHECK;

/* Its call was served. */
void fast_note_use(struct fastpath *fast, uint64_t site);

/* The group ends: which of its windows were worth patching. */
void fast_count_uses(struct recorder *recorder, const struct fastpath *fast);

/* A handler interrupts code there. */
void fast_note_interrupted(struct group *group, uint64_t rip);

/* It has returned. */
void fast_forget_interrupted(struct group *group, uint64_t rip);

/* The window is as the program has it, and will not be patched again. */
struct error *fast_unpatch(struct task *task, struct patched_window *window) MUST_CHECK;

/* --- fast_stubs.c ---------------------------------------------------------------------------- */

/* `window` without its stub; `original`: its bytes. Not done if there is no room in reach. */
struct error *fast_patch(struct recorder *recorder, struct task *task,
                         const struct patched_window *window, const uint8_t *original) MUST_CHECK;

/* --- fast_descriptors.c ---------------------------------------------------------------------- */

/* At the exit of a traced call. */
void fast_follow_descriptors(struct task *task, const struct user_regs_struct *exit);

/* A call of which the hook has made a part already: the kernel is to do the rest. */
struct error *fast_finish_partial(struct task *task, struct user_regs_struct *regs) MUST_CHECK;

/* --- fast_inside.c --------------------------------------------------------------------------- */

/* Whether the address is in the hook, a stub, or anything else of ours. */
bool fast_is_inside(const struct task *task, uint64_t rip);

/* The task is stopped there: it is to stop when it leaves. */
struct error *fast_ask_to_leave(struct task *task) MUST_CHECK;
bool fast_has_left(const struct user_regs_struct *regs);
struct error *on_hook_left(struct recorder *recorder, struct task *task) MUST_CHECK;

/* A fault there. *handled: the task is to go on; else its registers show where the program has the
 * fault. */
struct error *fast_fault(struct recorder *recorder, struct task *task, bool *handled) MUST_CHECK;

#endif
