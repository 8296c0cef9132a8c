#include "engine/tracee/tracee.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/cleanup.h"

struct tracee {
    pid_t tid;
    struct user_regs_struct regs;
    bool regs_valid;
    bool regs_dirty;
    int memory; /* /proc/PID/mem, opened at this stop; -1: not */
};

struct error *tracee_create(pid_t tid, struct tracee **ret)
{
    struct tracee *tracee = calloc(1, sizeof(*tracee));
    if (!tracee)
        return &err_no_memory;
    tracee->tid = tid;
    tracee->memory = -1;
    *ret = tracee;
    return NULL;
}

/* It shows the memory that the task had when it was opened: not after an execve. */
static void close_memory(struct tracee *tracee)
{
    if (tracee->memory >= 0)
        close(tracee->memory);
    tracee->memory = -1;
}

void tracee_destroy(struct tracee *tracee)
{
    if (!tracee)
        return;
    close_memory(tracee);
    free(tracee);
}

int tracee_memory_file(struct tracee *tracee)
{
    char path[64];
    if (tracee->memory >= 0)
        return tracee->memory;
    snprintf(path, sizeof(path), "/proc/%d/mem", tracee->tid);
    tracee->memory = open(path, O_RDWR | O_CLOEXEC);
    return tracee->memory;
}

pid_t tracee_tid(const struct tracee *tracee)
{
    return tracee->tid;
}

void tracee_set_tid(struct tracee *tracee, pid_t tid)
{
    tracee->tid = tid;
}

/* --- Registers ------------------------------------------------------------------------------- */

struct error *tracee_regs(struct tracee *tracee, struct user_regs_struct **ret)
{
    if (!tracee->regs_valid) {
        if (ptrace(PTRACE_GETREGS, tracee->tid, 0, &tracee->regs) < 0)
            return error_ptrace("cannot read the registers of task %d", tracee->tid);
        tracee->regs_valid = true;
    }
    *ret = &tracee->regs;
    return NULL;
}

void tracee_regs_changed(struct tracee *tracee)
{
    tracee->regs_dirty = true;
}

struct error *tracee_flush_regs(struct tracee *tracee)
{
    if (!tracee->regs_dirty)
        return NULL;
    if (ptrace(PTRACE_SETREGS, tracee->tid, 0, &tracee->regs) < 0)
        return error_ptrace("cannot set the registers of task %d", tracee->tid);
    tracee->regs_dirty = false;
    return NULL;
}

struct error *tracee_get_xsave(struct tracee *tracee, void *bytes, size_t *size)
{
    struct iovec area = {.iov_base = bytes, .iov_len = XSAVE_MAX};
    if (ptrace(PTRACE_GETREGSET, tracee->tid, NT_X86_XSTATE, &area) < 0)
        return error_ptrace("cannot read the vector registers of task %d", tracee->tid);
    *size = area.iov_len;
    return NULL;
}

struct error *tracee_set_xsave(struct tracee *tracee, const void *bytes, size_t size)
{
    struct iovec area = {.iov_base = (void *)bytes, .iov_len = size};
    if (ptrace(PTRACE_SETREGSET, tracee->tid, NT_X86_XSTATE, &area) < 0)
        return error_ptrace("cannot set the vector registers of task %d", tracee->tid);
    return NULL;
}

static size_t debug_reg_offset(unsigned index)
{
    return offsetof(struct user, u_debugreg) + index * sizeof(((struct user *)0)->u_debugreg[0]);
}

struct error *tracee_get_debug_reg(struct tracee *tracee, unsigned index, uint64_t *ret)
{
    errno = 0;
    long value = ptrace(PTRACE_PEEKUSER, tracee->tid, debug_reg_offset(index), 0);
    if (errno)
        return error_ptrace("cannot read debug register %u of task %d", index, tracee->tid);
    *ret = (uint64_t)value;
    return NULL;
}

struct error *tracee_set_debug_reg(struct tracee *tracee, unsigned index, uint64_t value)
{
    if (ptrace(PTRACE_POKEUSER, tracee->tid, debug_reg_offset(index), value) < 0)
        return error_ptrace("cannot set debug register %u of task %d", index, tracee->tid);
    return NULL;
}

/* --- Signals --------------------------------------------------------------------------------- */

struct error *tracee_siginfo(struct tracee *tracee, siginfo_t *ret)
{
    if (ptrace(PTRACE_GETSIGINFO, tracee->tid, 0, ret) < 0)
        return error_ptrace("cannot read the signal information of task %d", tracee->tid);
    return NULL;
}

struct error *tracee_set_siginfo(struct tracee *tracee, const siginfo_t *info)
{
    if (ptrace(PTRACE_SETSIGINFO, tracee->tid, 0, info) < 0)
        return error_ptrace("cannot set the signal information of task %d", tracee->tid);
    return NULL;
}

struct error *tracee_get_sigmask(struct tracee *tracee, uint64_t *ret)
{
    if (ptrace(PTRACE_GETSIGMASK, tracee->tid, sizeof(*ret), ret) < 0)
        return error_ptrace("cannot read the signal mask of task %d", tracee->tid);
    return NULL;
}

struct error *tracee_set_sigmask(struct tracee *tracee, uint64_t mask)
{
    if (ptrace(PTRACE_SETSIGMASK, tracee->tid, sizeof(mask), &mask) < 0)
        return error_ptrace("cannot set the signal mask of task %d", tracee->tid);
    return NULL;
}

static struct error *add_queue(struct tracee *tracee, uint32_t flags, uint64_t *signals)
{
    siginfo_t infos[8];
    struct __ptrace_peeksiginfo_args peek = {.off = 0, .flags = flags, .nr = ARRAY_LENGTH(infos)};
    long count;
    do {
        count = ptrace(PTRACE_PEEKSIGINFO, tracee->tid, &peek, infos);
        if (count < 0)
            return error_ptrace("cannot read the pending signals of task %d", tracee->tid);
        for (long i = 0; i < count; i++)
            if (infos[i].si_signo >= 1 && infos[i].si_signo <= 64)
                *signals |= 1ull << (infos[i].si_signo - 1);
        peek.off += (uint64_t)count;
    } while (count == (long)ARRAY_LENGTH(infos));
    return NULL;
}

struct error *tracee_pending_signals(struct tracee *tracee, uint64_t *ret)
{
    *ret = 0;
    struct error *error = add_queue(tracee, 0, ret);
    return error ? error : add_queue(tracee, PTRACE_PEEKSIGINFO_SHARED, ret);
}

struct error *tracee_event_message(struct tracee *tracee, unsigned long *ret)
{
    if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, 0, ret) < 0)
        return error_ptrace("cannot read the event of task %d", tracee->tid);
    return NULL;
}

/* --- /proc ----------------------------------------------------------------------------------- */

static FILE *open_status(const struct tracee *tracee)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", tracee->tid);
    return fopen(path, "re");
}

struct error *tracee_process_id(const struct tracee *tracee, pid_t *ret)
{
    CLEANUP(fclose) FILE *status = open_status(tracee);
    char line[256];
    while (status && fgets(line, sizeof(line), status))
        if (sscanf(line, "Tgid: %d", ret) == 1)
            return NULL;
    return &err_tracee_gone;
}

struct error *tracee_dispositions(struct tracee *tracee, uint64_t *caught, uint64_t *ignored)
{
    CLEANUP(fclose) FILE *status = open_status(tracee);
    char line[256];
    int found = 0;
    while (status && found < 2 && fgets(line, sizeof(line), status))
        found +=
            sscanf(line, "SigIgn: %lx", ignored) == 1 || sscanf(line, "SigCgt: %lx", caught) == 1;
    return found == 2 ? NULL : &err_tracee_gone;
}

/* --- Running --------------------------------------------------------------------------------- */

static _Thread_local uint64_t resumes;

uint64_t tracee_resumes(void)
{
    return resumes;
}

struct error *tracee_run(struct tracee *tracee, enum run_kind kind, int signal)
{
    static const int requests[] = {
        [RUN_ON] = PTRACE_CONT,
        [RUN_TO_CALL] = PTRACE_SYSCALL,
        [RUN_STEP] = PTRACE_SINGLESTEP,
        [RUN_EMULATED] = PTRACE_SYSEMU,
        [RUN_EMULATED_STEP] = PTRACE_SYSEMU_SINGLESTEP,
        [RUN_LISTEN] = PTRACE_LISTEN,
    };
    struct error *error = tracee_flush_regs(tracee);
    if (error)
        return error;
    tracee->regs_valid = false;
    close_memory(tracee);
    resumes++;
    if (ptrace(requests[kind], tracee->tid, 0, signal) < 0)
        return error_ptrace("cannot resume task %d", tracee->tid);
    return NULL;
}

struct error *tracee_interrupt(struct tracee *tracee)
{
    if (ptrace(PTRACE_INTERRUPT, tracee->tid, 0, 0) < 0)
        return error_ptrace("cannot interrupt task %d", tracee->tid);
    return NULL;
}

struct error *tracee_wait(struct tracee *tracee, struct stop *ret)
{
    int status;
    pid_t got;
    do
        got = waitpid(tracee->tid, &status, __WALL);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return &err_tracee_gone;
    tracee->regs_valid = false;
    tracee->regs_dirty = false;
    *ret = stop_classify(status);
    return NULL;
}
