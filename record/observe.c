/*
 * Looking at a task that runs: what it writes, and whether it gets anywhere; and bringing it to a
 * place that can be named. Asynchronous signals are held back meanwhile: they might come faster
 * than a task can be looked at.
 */
#include "record/observe.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/tracee/string_insn.h"

void sleep_for(uint64_t nanoseconds)
{
    sigset_t stops;
    const struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                                  .tv_nsec = (long)(nanoseconds % 1000000000u)};
    sigemptyset(&stops);
    sigaddset(&stops, SIGCHLD);
    sigtimedwait(&stops, NULL, &time);
}

/* --- Undisturbed runs ------------------------------------------------------------------------ */

/* Signals that instructions cause: blocked, they would end the program. */
#define FAULTS                                                                                     \
    (1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGFPE - 1) | 1ull << (SIGILL - 1) |  \
     1ull << (SIGTRAP - 1) | 1ull << (SIGSYS - 1))

/* Lets the task run on with asynchronous signals held back, which might come faster than it can be
 * looked at. end_quiet() at the stop that follows. */
static struct error *run_quietly(struct task *task, uint64_t *mask)
{
    struct error *error = tracee_get_sigmask(task->tracee, mask);
    if (!error)
        error = tracee_set_sigmask(task->tracee, *mask | ~FAULTS);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}

static struct error *end_quiet(struct task *task, struct stop stop, uint64_t mask)
{
    if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
        return NULL;
    return tracee_set_sigmask(task->tracee, mask);
}

/* --- Out of a string instruction ------------------------------------------------------------- */

#define DR7_EXECUTE_0 1 /* Intel SDM volume 3, 18.2.4 */

static struct error *run_to(struct task *task, uint64_t address, struct stop *stop)
{
    uint64_t mask;
    struct error *error = tracee_set_debug_reg(task->tracee, 0, address);
    if (!error)
        error = tracee_set_debug_reg(task->tracee, 7, DR7_EXECUTE_0);
    if (!error)
        error = run_quietly(task, &mask);
    if (!error)
        error = tracee_wait(task->tracee, stop);
    if (!error)
        error = end_quiet(task, *stop, mask);
    if (error || stop->kind == STOP_EXITED || stop->kind == STOP_KILLED)
        return error;
    return tracee_set_debug_reg(task->tracee, 7, 0);
}

struct error *leave_rep(struct recorder *recorder, struct task *task, bool *still)
{
    struct user_regs_struct *regs;
    uint8_t bytes[16];
    struct stop stop;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    size_t size = tracee_read_some(task->tracee, taddr_of(regs->rip), bytes, sizeof(bytes));
    size_t length = rep_string_length(bytes, size);
    if (!length)
        return NULL;
    uint64_t next = regs->rip + length;
    error = run_to(task, next, &stop);
    if (error)
        return error;
    *still = stop.kind == STOP_SIGNAL && stop.signal == SIGTRAP &&
             !tracee_regs(task->tracee, &regs) && regs->rip == next;
    return *still ? NULL : dispatch_stop(recorder, task, stop);
}

/* --- Looking at a task ----------------------------------------------------------------------- */

#define OBSERVED_NS 1000000ull

uint64_t processor_time(const struct task *task)
{
    struct timespec time = {0};
    clockid_t clock;
    if (clock_getcpuclockid(task->process->pid, &clock) == 0)
        syscall(SYS_clock_gettime, clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

struct error *run_briefly(struct task *task, struct stop *ret)
{
    int status = 0;
    uint64_t mask;
    struct error *error = run_quietly(task, &mask);
    uint64_t begin = processor_time(task), used = 0;
    pid_t got = 0;
    while (!error && got == 0) {
        got = waitpid(task->tid, &status, __WALL | WNOHANG);
        used = processor_time(task) - begin;
        if (got == 0 && used >= OBSERVED_NS)
            break;
        if (got == 0)
            sleep_for(OBSERVED_NS - used);
    }
    if (!error && got == 0) {
        task->trap_pending = true;
        error = tracee_interrupt(task->tracee);
        if (!error)
            got = waitpid(task->tid, &status, __WALL);
    }
    if (error)
        return error;
    if (got < 0)
        return &err_tracee_gone;
    *ret = stop_classify(status);
    return end_quiet(task, *ret, mask);
}

struct error *settle_brief_run(struct recorder *recorder, struct task *task, struct stop stop,
                               bool met, bool *still)
{
    *still = met || (stop.kind == STOP_TRAP && task->trap_pending);
    if (!*still)
        return dispatch_stop(recorder, task, stop);
    task->trap_pending = false;
    return NULL;
}

static struct error *observe(struct recorder *recorder, struct task *task, bool *still)
{
    struct stop stop;
    struct error *error = run_briefly(task, &stop);
    return error ? error : settle_brief_run(recorder, task, stop, false, still);
}

/* What looks like waiting: no memory changes, and of the registers at most one and where in a few
 * instructions the task is. */
static bool looks_spinning(const struct user_regs_struct *a, const struct user_regs_struct *b,
                           const struct progress *progress)
{
    const uint64_t before[] = {a->rax, a->rcx, a->rdx, a->rbx, a->rbp, a->rsi, a->rdi, a->r8,
                               a->r9,  a->r10, a->r11, a->r12, a->r13, a->r14, a->r15, a->rsp};
    const uint64_t after[] = {b->rax, b->rcx, b->rdx, b->rbx, b->rbp, b->rsi, b->rdi, b->r8,
                              b->r9,  b->r10, b->r11, b->r12, b->r13, b->r14, b->r15, b->rsp};
    unsigned changed = 0;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        changed += before[i] != after[i];
    return progress->changed_count == 0 && changed <= 1 && a->rip - b->rip + 128 < 256;
}

struct error *watch_progress(struct recorder *recorder, struct task *task,
                             struct progress *progress, bool *still)
{
    struct page_ranges written = {0};
    struct user_regs_struct *regs, before;
    struct error *error = note_written(recorder, task, NULL);
    if (!error)
        error = observe(recorder, task, still);
    if (error || !*still)
        return error;
    error = tracee_regs(task->tracee, &regs);
    if (!error)
        before = *regs;
    if (!error)
        error = note_written(recorder, task, &written);
    if (!error)
        error = progress_watch(task, &written, progress);
    page_ranges_deinit(&written);
    if (!error)
        error = observe(recorder, task, still);
    if (!error && *still)
        error = progress_choose(task, progress);
    if (!error && *still)
        error = tracee_regs(task->tracee, &regs);
    if (!error && *still)
        task->spins = looks_spinning(&before, regs, progress);
    return error;
}
