/*
 * The recorder's state, private to record/.
 *
 * One thread traces everything, pinned with all tracees to one processor: a ptrace stop costs 9 us
 * there and 60 across two. Tasks that share memory form a *group*, which is a *stream* of the
 * trace; in a group only the *current* task runs user code, so that between two events of a stream
 * only the task of the later one has run. A task that blocks in a system call loses its turn: its
 * event is then split into entry and exit.
 *
 * A task's states, and who moves it:
 *
 *   NEW ──first stop──> READY ──gets the turn──> RUNNING ──seccomp stop──> CALLING ──exit stop──>
 * RUNNING ^                                                   │ the turn was taken meanwhile
 *                         └───────────────── exit stop ───────────────────────┘
 *   any ──exits──> EXITING ──wait status──> gone
 */
#ifndef REEL_RECORD_RECORDER_H
#define REEL_RECORD_RECORDER_H

#include <sched.h>
#include <time.h>

#include "engine/syscall/call_model.h"
#include "engine/tracee/tracee.h"
#include "record/chaos.h"
#include "record/draft.h"
#include "record/fastpath.h"
#include "record/instruction.h"
#include "record/known_sites.h"
#include "record/mapped_ranges.h"
#include "record/page_ranges.h"
#include "record/record.h"
#include "trace-format/store.h"
#include "trace-format/writer.h"

enum task_state { TASK_NEW, TASK_READY, TASK_RUNNING, TASK_CALLING, TASK_EXITING };

/* struct sigaction as rt_sigaction(2) takes it from user space. */
struct kernel_sigaction {
    uint64_t handler, flags, restorer, mask;
};

/* What threads of a process share. */
struct process {
    pid_t pid, parent;
    unsigned tasks; /* not yet gone */
    struct kernel_sigaction
        segv; /* what the program set for SIGSEGV, which our own traps may destroy */
    char *executable;
};

/* A system call between its entry and its exit; what lives as long as that. */
struct pending_call {
    bool active;
    bool entry_logged; /* split: CALL_ENTER is in the trace */
    bool restarting;   /* its exit stop showed a restart code; the kernel will make it again */
    bool emulated;     /* the kernel is not asked; `answer` is the result */
    bool may_block;
    bool stands_at_exit; /* other calls can be injected now */
    int64_t answer;
    const struct call_row *row;
    struct user_regs_struct entry;   /* as the program made the call */
    struct call_redirects redirects; /* memory that is in scratch while the call blocks, */
    uint64_t *scratch;               /* and the address of each piece there */
    struct scratch_block *block;     /* that the pieces lie in */
    struct task *child;              /* made by this call */
    int output;                      /* 1 or 2: it writes to reel's own stdout or stderr */
    uint64_t done;                   /* bytes that the hook has written of it already */
    uint64_t output_ticket;          /* waits at its entry, as that many-th, to write there */
};

/* An asynchronous signal that arrived in user code and waits for the task's next event. */
struct held_signal {
    siginfo_t info;
    uint64_t earliest; /* ns: not delivered before that, except at a call */
    uint64_t due;      /* ns: when the task is to be interrupted for it, if it has made no call */
    bool sent;         /* handed back to the kernel: its delivery stop is about to come */
    struct held_signal *next;
};

#define SPOTS 4 /* what the processor has */

struct task {
    struct tracee *tracee;
    pid_t tid;
    struct process *process;
    struct group *group;
    enum task_state state;
    struct pending_call call;
    struct held_signal *held;
    /* Signals that are known to be delivered before another user instruction is executed, bit
     * (signal - 1). */
    uint64_t boundary_signals;
    struct user_regs_struct last_exit; /* registers that the task left its last event with */
    uint64_t signal_mask;
    bool mask_changed;        /* by a call that the hook served: to be read at the next stop */
    uint64_t clear_child_tid; /* address that the kernel clears at the task's end; 0: none */
    uint64_t stack_pointer;   /* when it was last seen */
    bool interrupted;         /* PTRACE_INTERRUPT was sent, and no stop has come since */
    bool trap_pending;        /* ... and the trap that it makes may still come */
    bool call_taken_back; /* it makes its call again at once; rcx and r11 are that call's already,
                             so that no point can be here */
    bool in_group_stop;   /* stopped by job control */
    bool spins;           /* when last interrupted it was waiting for another task's write */
    uint64_t slice;       /* ns that it may keep the turn without a call while others wait */
    bool is_stranger;     /* of another process than its group's first (vfork) */
    bool holds_exit_stop; /* READY with the exit stop of `call` still to be looked at */
    struct chaos_task chaos;
    uint64_t slice_start;    /* of the turn that `slice` was chosen for, under chaos */
    bool spots_set;          /* spots.h */
    uint64_t spot[SPOTS];    /* their addresses; 0: none */
    unsigned spot_moves;     /* so often they were set anew since the turn began, or a call */
    struct task *next;       /* of the recorder's list */
    struct task *ready_next; /* of the group's queue */
};

/* Where the group's code is: spots.c. */
#define CODE_RANGES 64
struct code {
    struct page_range range[CODE_RANGES];
    size_t count, own; /* the first `own` are not of the system's libraries */
    unsigned uses;     /* that are left until it is looked at again */
    bool forbidden;    /* the program wants SIGTRAP for itself */
};

/* An address space and the tasks in it: a stream of the trace. */
struct group {
    uint32_t stream; /* 0 until it begins: streams have numbers in the order of their STARTs */
    unsigned tasks;
    struct task *current; /* the one that may run user code, or sits in a call that has not lost the
                             turn yet */
    struct task *ready_first, **ready_last;
    uint64_t slice_start;       /* ns */
    struct page_ranges written; /* since the last point, as far as is known */
    bool written_tried;         /* written_pages.c: */
    int written_descriptor;     /* what tells them; -1: nothing does */
    struct chaos chaos;
    uint64_t delayed_until; /* ns: nobody has the turn, since all that are READY wait so long */
    struct code code;
    uint64_t program_break;
    struct scratch_block *scratch; /* in use, by address */
    struct mapped_ranges files;
    struct site_list sites; /* patched (patches.c) */
    bool cpuid_traps;       /* by itself: it is not patched */
    struct fastpath fast;
};

struct recorder {
    const struct record_options *options;
    struct trace_writer *writer;
    struct store *store;
    struct draft draft;
    struct task *tasks;
    uint32_t streams;
    struct process *root;
    bool root_ended;
    int root_status;
    cpu_set_t affinity; /* what reel was started with; the tracees are told this one */
    int cpu;
    unsigned
        waiting; /* READY tasks and held signals: someone may have to be interrupted for them */
    struct record_statistics statistics;
    struct known_sites known_sites;
    struct cpuid_answers cpuid_answers;
    bool no_cpuid_trap;         /* the processor does not offer it (ARCH_SET_CPUID) */
    uint64_t anonymous_objects; /* shared mappings without a file so far */
    struct hook_slot *slots;    /* fast_setup.c; NULL: no fast path */
    int slots_segment;
    uint64_t slots_used;           /* a bit each */
    struct early_stop *early;      /* stops of tasks that nobody has told us of yet */
    struct task *output_holder[3]; /* [1], [2]: the task whose write to that output is under way */
    bool one_output;               /* both are the same file */
    uint64_t output_tickets;
    uint64_t started;             /* ns */
    uint64_t give_up_at, look_at; /* ns: give_up.c; UINT64_MAX: never */
};

/* --- record_loop.c --------------------------------------------------------------------------- */
struct task *task_find(struct recorder *recorder, pid_t tid);
struct error *dispatch_stop(struct recorder *recorder, struct task *task,
                            struct stop stop) MUST_CHECK;
void task_destroy(struct recorder *recorder, struct task *task);
void process_release(struct recorder *recorder, struct process *process);
/* The first stop of a new task that its creator told us of. */
struct error *wait_first_stop(struct recorder *recorder, pid_t tid, struct stop *ret) MUST_CHECK;
uint64_t monotonic_now(void); /* ns */

/* --- sched.c --------------------------------------------------------------------------------- */
void make_ready(struct recorder *recorder, struct task *task); /* to the end of its group's queue */
void forget_ready(struct recorder *recorder,
                  struct task *task); /* out of the queue, if it is there */
/* The current task, stopped at an event (a POINT or another one), lets others go on. */
struct error *lose_turn(struct recorder *recorder, struct task *task, bool at_point) MUST_CHECK;
struct error *give_up_turn(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *schedule(struct recorder *recorder, struct group *group) MUST_CHECK;
/* The current task, right after an event: in user code, or with a held signal in its handler, or
 * later if its slice is over. */
struct error *go_on(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *wait_in_call(struct recorder *recorder,
                           struct task *task) MUST_CHECK; /* the current task, in its call */

/* --- preempt.c ------------------------------------------------------------------------------- */
#define SLICE_NS 50000000ull /* of a task that makes no calls */
/* How long a task keeps the turn, at calls that do not block, while others wait. */
#define CALL_SLICE_NS 10000000ull

/* Waits for any task to stop, interrupting those whose time is over. *tid is 0 if nothing came. */
struct error *wait_any(struct recorder *recorder, pid_t *tid, int *status) MUST_CHECK;
/* The stop that an interruption made. */
struct error *on_interrupted(struct recorder *recorder, struct task *task) MUST_CHECK;
/* Names the point where the task stands, without looking at its progress; it loses its turn. */
struct error *make_point_here(struct recorder *recorder, struct task *task) MUST_CHECK;
/* At a call's entry, of a task that may still get that stop, which would make the call fail: takes
 * the call back, so that it is made again. */
struct error *absorb_interrupt(struct task *task) MUST_CHECK;

/* --- give_up.c ------------------------------------------------------------------------------- */
void give_up_begin(struct recorder *recorder);
/* Ends the run if it is time, or if nothing can go on. Returns when to look again, ns. */
uint64_t give_up_due(struct recorder *recorder, uint64_t now);

/* --- disturb.c ------------------------------------------------------------------------------- */
/* Who of the group's READY tasks gets the turn under chaos; NULL: nobody yet. */
struct error *choose_ready(struct group *group, struct task **ret) MUST_CHECK;
/* Whether some task could take the turn of the current one. */
bool others_are_eligible(const struct group *group);
/* The current task is about to go on in user code. */
struct error *disturb_turn(struct recorder *recorder, struct task *task) MUST_CHECK;
/* Whether the task waits for a delay to end, with nobody having the turn. */
bool is_delayed(const struct task *task);
/* The turn of a group whose tasks were delayed, if it is time. */
struct error *wake_delayed(struct recorder *recorder, uint64_t now, bool *woken) MUST_CHECK;
/* Its slice is over: whether it is to stop where it is; else it goes on. */
struct error *disturb_slice_end(struct recorder *recorder, struct task *task,
                                bool *stop) MUST_CHECK;
/* The stop at a spot. */
struct error *on_spot(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- on_syscall.c ---------------------------------------------------------------------------- */
struct error *on_call_entry(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *on_call_exit(struct recorder *recorder,
                           struct task *task) MUST_CHECK; /* the task has the turn */
struct error *log_call_entry(struct recorder *recorder, struct task *task) MUST_CHECK;
/* Logs the exit of a call whose kernel result stands in the registers, restart codes included. */
struct error *complete_call(struct recorder *recorder, struct task *task) MUST_CHECK;
void call_deinit(struct task *task);

/* --- call_effects.c -------------------------------------------------------------------------- */
struct error *add_call_effects(struct recorder *recorder, struct task *task,
                               const struct user_regs_struct *exit) MUST_CHECK;

/* What the call has written before it blocks: FUTEX_LOCK_PI says in the word that it waits. */
struct error *add_entry_effects(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- map_effects.c --------------------------------------------------------------------------- */
struct error *add_map_effects(struct recorder *recorder, struct task *task,
                              const struct call *call) MUST_CHECK;

/* --- file_effects.c -------------------------------------------------------------------------- */
/* The file that a descriptor of the task leads to, opened by us; DESCRIPTOR_PATH_MAX bytes at
 * `path`, if not NULL, get its path as /proc shows it. -1: none. */
#define DESCRIPTOR_PATH_MAX 4096
int open_descriptor(const struct task *task, int descriptor, char *path);
/* What a call that changes a file changes in memory, where that is mapped. */
struct error *add_file_effects(struct recorder *recorder, struct task *task,
                               const struct call *call) MUST_CHECK;

/* --- scratch.c ------------------------------------------------------------------------------- */
struct error *scratch_redirect(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *scratch_restore(struct task *task, struct user_regs_struct *regs) MUST_CHECK;
/* Copies the call's outputs, cut to what the program had room for, to where it wants them. */
struct error *scratch_collect(struct task *task, struct memory_ranges *ranges) MUST_CHECK;
void scratch_release(struct task *task);
struct memory_view
task_view(struct task *task); /* the program's memory, seen through the call's scratch pieces */

/* --- on_signal.c ----------------------------------------------------------------------------- */
struct error *on_signal(struct recorder *recorder, struct task *task, int signal) MUST_CHECK;
/* A held signal that is not blocked (a handler may have blocked it meanwhile); NULL if none.
 * `may_wait`: one that is to come later is none. Not at a call's entry: the call might block, or
 * change what the signal does. */
struct error *find_deliverable_signal(struct task *task, bool may_wait,
                                      struct held_signal **ret) MUST_CHECK;
/* Leaves the call that the task is about to make; it stands on the instruction then. */
struct error *take_back_call(struct task *task, const struct user_regs_struct *entry) MUST_CHECK;
/* Sends it again, to a task that stands at a point: it is delivered before anything else runs. */
void send_held_signal(struct task *task, struct held_signal *held);
void forget_held_signals(struct recorder *recorder, struct task *task);
/* At a call's entry. */
struct error *deliver_held_signal(struct recorder *recorder, struct task *task,
                                  struct held_signal *held) MUST_CHECK;

/* --- on_instruction.c ------------------------------------------------------------------------ */
/* Whether the signal is the trap of such an instruction: which. */
bool is_instruction_trap(struct task *task, const siginfo_t *info, struct instruction *ret);
struct error *on_instruction(struct recorder *recorder, struct task *task,
                             const struct instruction *instruction) MUST_CHECK;
/* After a forced SIGSEGV that was ours: what the kernel did to the program's disposition and mask
 * is undone. */
struct error *restore_signal_state(struct task *task) MUST_CHECK;

/* --- patches.c ------------------------------------------------------------------------------- */
/* What the effects of the draft call for, behind them: the last that is done to memory. */
struct error *add_patches(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- on_task.c ------------------------------------------------------------------------------- */
struct error *on_new_task(struct recorder *recorder, struct task *creator, bool vfork) MUST_CHECK;
struct error *add_child_effect(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *start_child(struct recorder *recorder, struct task *task, uint64_t event) MUST_CHECK;
struct error *on_exit_call(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *on_exiting(struct recorder *recorder, struct task *task) MUST_CHECK;
struct error *on_gone(struct recorder *recorder, struct task *task, int status) MUST_CHECK;
struct error *task_create(struct recorder *recorder, pid_t tid, struct task **ret) MUST_CHECK;
struct error *group_create(struct group **ret) MUST_CHECK;
void leave_group(struct recorder *recorder, struct task *task);

/* --- on_thread_exit.c ------------------------------------------------------------------------ */
/* At the entry of exit, by a thread that others outlive: does to memory what the kernel would do
 * at an unrepeatable moment. */
struct error *add_thread_exit_effects(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- on_exec.c ------------------------------------------------------------------------------- */
/* `tid`: the id that the task has from now on (it may not have been its process's leader). */
struct error *on_exec(struct recorder *recorder, struct task *task, pid_t tid) MUST_CHECK;

/* --- keyframe.c ------------------------------------------------------------------------------ */
/* The address space as it is, as the effects of a START event. */
struct error *add_keyframe(struct recorder *recorder, struct task *task) MUST_CHECK;
/* How far the task's stack may grow, as it is now. */
struct error *add_stack_limit(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- output.c -------------------------------------------------------------------------------- */
/* 1 or 2 if the task's descriptor is the stdout or stderr that reel was started with, else 0. */
int original_output(const struct task *task, int descriptor);
bool copies_to_original_output(const struct task *task, const struct user_regs_struct *regs);
bool is_one_output(void); /* reel's own stdout and stderr are the same file */
/* Whether the task may go on into a call that writes there; else it stands in line, at the entry.
 */
bool take_output(struct recorder *recorder, struct task *task);
/* The call's event is logged, or it will have none: the next in line goes on. */
struct error *release_output(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- affinity.c ------------------------------------------------------------------------------ */
struct error *choose_processor(struct recorder *recorder) MUST_CHECK;
/* This thread, and the processes that it starts. */
struct error *pin_to_processor(struct recorder *recorder) MUST_CHECK;
/* Puts the mask that reel was started with over the kernel's answer. */
struct error *answer_affinity(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- memory_check.c -------------------------------------------------------------------------- */
struct error *add_memory_check(struct recorder *recorder, struct task *task) MUST_CHECK;

/* --- draft.c, events ------------------------------------------------------------------------- */
/* Writes the draft as an event of `task`; the draft is empty afterwards. */
struct error *log_event(struct recorder *recorder, struct task *task) MUST_CHECK;

#endif
