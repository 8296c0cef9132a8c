/*
 * One traced task of the kernel: its registers, its memory, and how it is resumed.
 *
 * Registers are cached: they are read at most once a stop, and written back, if changed, when the
 * task is resumed. Only tracee.c sees the cache and its dirty flag; only it calls ptrace to resume.
 *
 * A tracee may die in any call (SIGKILL, exit_group of a sibling): every function may return
 * &err_tracee_gone. ptrace belongs to the thread that attached: all of this must be called from one
 * thread.
 */
#ifndef REEL_TRACEE_TRACEE_H
#define REEL_TRACEE_TRACEE_H

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

#include "engine/base/error.h"
#include "engine/base/types.h"
#include "engine/tracee/stop.h"

struct tracee;

/* For a task that is, or will be, traced by this thread. */
struct error *tracee_create(pid_t tid, struct tracee **ret) MUST_CHECK;
void tracee_destroy(struct tracee *tracee); /* forgets it; does not detach or kill */
pid_t tracee_tid(const struct tracee *tracee);

/* After execve by a non-leader the task has its process's id. */
void tracee_set_tid(struct tracee *tracee, pid_t tid);

/* The thread group's id, from /proc. */
struct error *tracee_process_id(const struct tracee *tracee, pid_t *ret) MUST_CHECK;

/* --- Registers ------------------------------------------------------------------------------- */

/* The registers at the current stop, to be read or changed in place; *ret lives until the task is
 * resumed. Whoever changes them calls tracee_regs_changed(). */
struct error *tracee_regs(struct tracee *tracee, struct user_regs_struct **ret) MUST_CHECK;
void tracee_regs_changed(struct tracee *tracee);

/* Forces changed registers out now, for what the kernel checks at the stop itself. */
struct error *tracee_flush_regs(struct tracee *tracee) MUST_CHECK;

/* The XSAVE area in the kernel's layout (ptrace NT_X86_XSTATE); at most XSAVE_MAX bytes. */
#define XSAVE_MAX 16384
struct error *tracee_get_xsave(struct tracee *tracee, void *bytes, size_t *size) MUST_CHECK;
struct error *tracee_set_xsave(struct tracee *tracee, const void *bytes, size_t size) MUST_CHECK;

/* Debug register `index` (0-3, 6, 7). */
struct error *tracee_get_debug_reg(struct tracee *tracee, unsigned index, uint64_t *ret) MUST_CHECK;
struct error *tracee_set_debug_reg(struct tracee *tracee, unsigned index,
                                   uint64_t value) MUST_CHECK;

/* --- Memory ---------------------------------------------------------------------------------- */

/* Reads all or fails. */
struct error *tracee_read(struct tracee *tracee, taddr address, void *bytes,
                          size_t size) MUST_CHECK;

/* Reads what it can from the front; returns the number of bytes. */
size_t tracee_read_some(struct tracee *tracee, taddr address, void *bytes, size_t size);

/* A NUL-terminated string of at most `size` - 1 bytes; false if it is longer or unreadable. */
bool tracee_read_string(struct tracee *tracee, taddr address, char *string, size_t size);

/* The same where it is known that the protection forbids it: code. */
struct error *tracee_write_code(struct tracee *tracee, taddr address, const void *bytes,
                                size_t size) MUST_CHECK;

/* /proc/PID/mem for this stop; -1: cannot be opened. It is the tracee's, and closed when that runs
 * on. */
int tracee_memory_file(struct tracee *tracee);

/* Writes all or fails, whatever the protection (as /proc/PID/mem does; a private file page is
 * copied first). */
struct error *tracee_write(struct tracee *tracee, taddr address, const void *bytes,
                           size_t size) MUST_CHECK;

/* --- Signals --------------------------------------------------------------------------------- */

struct error *tracee_siginfo(struct tracee *tracee, siginfo_t *ret) MUST_CHECK;
struct error *tracee_set_siginfo(struct tracee *tracee, const siginfo_t *info) MUST_CHECK;

/* The blocked signals, bit (signal - 1). */
struct error *tracee_get_sigmask(struct tracee *tracee, uint64_t *ret) MUST_CHECK;
struct error *tracee_set_sigmask(struct tracee *tracee, uint64_t mask) MUST_CHECK;

/* The signals that are queued for the task or its process, blocked or not, bit (signal - 1). */
struct error *tracee_pending_signals(struct tracee *tracee, uint64_t *ret) MUST_CHECK;

/* The signals that the process handles and ignores, from /proc/PID/status, bit (signal - 1). */
struct error *tracee_dispositions(struct tracee *tracee, uint64_t *caught,
                                  uint64_t *ignored) MUST_CHECK;

/* The message of the ptrace event that the task is stopped in: a new task's id, an exit status. */
struct error *tracee_event_message(struct tracee *tracee, unsigned long *ret) MUST_CHECK;

/* --- Running --------------------------------------------------------------------------------- */

enum run_kind {
    RUN_ON,            /* to the next seccomp stop, signal or event */
    RUN_TO_CALL,       /* ... or the entry or exit of a system call */
    RUN_STEP,          /* one instruction */
    RUN_EMULATED,      /* to the next system call, which is not made (PTRACE_SYSEMU) */
    RUN_EMULATED_STEP, /* the same, but at most one instruction */
    RUN_LISTEN,        /* stay in group-stop, but notice its end */
};

/* Writes changed registers, and resumes, delivering `signal` unless 0. */
struct error *tracee_run(struct tracee *tracee, enum run_kind kind, int signal) MUST_CHECK;

/* How often this thread has resumed a tracee: the ptrace stops that it has paid for. */
uint64_t tracee_resumes(void);

/* Stops a running task soon, by a STOP_TRAP. */
struct error *tracee_interrupt(struct tracee *tracee) MUST_CHECK;

/* Waits for this task to stop. */
struct error *tracee_wait(struct tracee *tracee, struct stop *ret) MUST_CHECK;

/*
 * Makes a system call in the task from the reel page and restores its registers. The task must be
 * in a stop from which it would run on in user space (not at the entry of a call). Signals are held
 * back meanwhile. The call's result, maybe a negative errno, goes to *ret.
 */
struct error *tracee_inject(struct tracee *tracee, long number, const uint64_t arguments[6],
                            int64_t *ret) MUST_CHECK;

/* The same from any `syscall` instruction, for a task that has no reel page yet. */
struct error *tracee_inject_at(struct tracee *tracee, taddr instruction, long number,
                               const uint64_t arguments[6], int64_t *ret) MUST_CHECK;

#endif
