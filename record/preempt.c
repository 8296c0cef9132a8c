/*
 * Asynchronous points: a task that makes no calls is interrupted, when others have waited for their
 * turn long enough, or a signal for it has.
 *
 * It may stand anywhere. On the way out of a call nothing has been executed since the last event:
 * the point is right there. In a string instruction with a rep prefix it is run to the end of that,
 * since replay counts it as one. A call that an interruption meets at its entry would fail: it is
 * taken back and made again.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/tracee/reel_page.h"
#include "record/point.h"

/* --- When ------------------------------------------------------------------------------------ */

/* For a task that waits in a loop for what another task writes. */
#define SPIN_SLICE_NS 2000000ull

/* When the task is to be interrupted; UINT64_MAX: not as things are. */
static uint64_t due_time(const struct task *task)
{
    uint64_t due = UINT64_MAX;
    if (is_delayed(task))
        return task->group->delayed_until;
    if (task->state != TASK_RUNNING || task->interrupted || task->in_group_stop ||
        task->call.active || !task->group || task->group->current != task)
        return due;
    if (task->group->ready_first)
        due = task->group->slice_start + (task->slice ? task->slice : SLICE_NS);
    for (const struct held_signal *held = task->held; held; held = held->next) {
        if (held->sent) /* it is about to be delivered where the task stands */
            return UINT64_MAX;
        if (!(task->signal_mask >> (held->info.si_signo - 1) & 1) && held->due < due)
            due = held->due;
    }
    return due;
}

/* Not if a stop of the task is there already, which is then looked at first. */
static struct error *interrupt(struct task *task)
{
    siginfo_t info = {.si_pid = 0};
    waitid(P_PID, (id_t)task->tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
    task->interrupted = true;
    if (info.si_pid)
        return NULL;
    task->trap_pending = true;
    return tracee_interrupt(task->tracee);
}

/* Interrupts the tasks whose time is over. *next: when the first of the others' is. */
static struct error *interrupt_due(struct recorder *recorder, uint64_t now, uint64_t *next)
{
    bool woken = false;
    struct error *error = wake_delayed(recorder, now, &woken);
    *next = woken ? now : UINT64_MAX;
    for (struct task *task = recorder->tasks; task && !error && !woken; task = task->next) {
        uint64_t due = due_time(task);
        if (due <= now)
            error = interrupt(task);
        else if (due < *next)
            *next = due;
    }
    return error == &err_tracee_gone ? NULL : error;
}

/* Until any task stops (SIGCHLD, which is blocked), or so long. */
static void sleep_for(uint64_t nanoseconds)
{
    sigset_t stops;
    const struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                                  .tv_nsec = (long)(nanoseconds % 1000000000u)};
    sigemptyset(&stops);
    sigaddset(&stops, SIGCHLD);
    sigtimedwait(&stops, NULL, &time);
}

struct error *wait_any(struct recorder *recorder, pid_t *tid, int *status)
{
    bool timed = recorder->give_up_at != UINT64_MAX || recorder->look_at != UINT64_MAX;
    uint64_t now = recorder->waiting || timed ? monotonic_now() : 0, next = UINT64_MAX;
    struct error *error = recorder->waiting ? interrupt_due(recorder, now, &next) : NULL;
    if (error)
        return error;
    if (timed) {
        uint64_t end = give_up_due(recorder, now);
        next = end < next ? end : next;
    }
    *tid = waitpid(-1, status, __WALL | (next == UINT64_MAX ? 0 : WNOHANG));
    if (*tid == 0 && next > now)
        sleep_for(next - now);
    if (*tid >= 0)
        return NULL;
    *tid = 0;
    return errno == EINTR ? NULL : error_errno(NULL, "cannot wait for the program");
}

/* --- Where ----------------------------------------------------------------------------------- */

struct error *absorb_interrupt(struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct user_regs_struct entry = *regs;
    task->trap_pending = false; /* each stop clears it, the one that follows among them */
    error = take_back_call(task, &entry);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}

static bool is_in_reel_page(const struct user_regs_struct *regs)
{
    return regs->rip >= REEL_PAGE && regs->rip < REEL_AREA_END;
}

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return (byte & 0xf0) == 0x40; /* REX */
    }
}

/* The length of the string instruction with a rep prefix that begins there; 0: it is none. */
static size_t rep_string_length(const uint8_t *bytes, size_t size)
{
    bool repeats = false;
    size_t at = 0;
    for (; at < size && is_prefix(bytes[at]); at++)
        repeats = repeats || bytes[at] == 0xf2 || bytes[at] == 0xf3;
    if (!repeats || at == size)
        return 0;
    /* movs, cmps: a4 to a7; stos, lods, scas: aa to af */
    return (bytes[at] >= 0xa4 && bytes[at] <= 0xa7) || (bytes[at] >= 0xaa && bytes[at] <= 0xaf)
               ? at + 1
               : 0;
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

/* Out of a string instruction that has not ended. *still: the task stands in user code, and no stop
 * of its own has come instead. */
static struct error *leave_rep(struct recorder *recorder, struct task *task, bool *still)
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

/* Of all tasks of the process, of which no other runs; others may have the processor meanwhile. */
static uint64_t processor_time(const struct task *task)
{
    struct timespec time = {0};
    clockid_t clock;
    if (clock_getcpuclockid(task->process->pid, &clock) == 0)
        syscall(SYS_clock_gettime, clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Lets the task run on for about a millisecond of its time. */
static struct error *observe(struct recorder *recorder, struct task *task, bool *still)
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
    struct stop stop = stop_classify(status);
    error = end_quiet(task, stop, mask);
    if (error)
        return error;
    *still = stop.kind == STOP_TRAP && task->trap_pending;
    if (!*still)
        return dispatch_stop(recorder, task, stop);
    task->trap_pending = false;
    return NULL;
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

/* Two looks at the task: what it writes, and what in there has changed at the second. It has then
 * run on to where it is to be named. */
static struct error *watch_progress(struct recorder *recorder, struct task *task,
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

/* A task that has computed so long may have been at the same place many times. */
#define LOOP_NS 3000000ull

/* --- What is done there ---------------------------------------------------------------------- */

/* Naming a point may take this part of a task's time. */
#define NAMING_SHARE 33

static void choose_slice(struct task *task, uint64_t naming)
{
    uint64_t least = task->spins ? SPIN_SLICE_NS : SLICE_NS;
    task->slice = naming * NAMING_SHARE > least ? naming * NAMING_SHARE : least;
}

/* The task stands at a point that the trace names. */
static struct error *use_point(struct recorder *recorder, struct task *task)
{
    struct held_signal *held;
    struct error *error = find_deliverable_signal(task, &held);
    if (error)
        return error;
    if (held)
        send_held_signal(task, held);
    if (!task->group->ready_first && task->chaos.not_before == 0)
        return tracee_run(task->tracee, RUN_ON, 0);
    return lose_turn(recorder, task, true);
}

struct error *make_point_here(struct recorder *recorder, struct task *task)
{
    struct progress progress = {0};
    bool still = true;
    struct error *error = leave_rep(recorder, task, &still);
    uint64_t started = monotonic_now();
    if (!error && still)
        error = progress_guess(task, &progress);
    if (!error && still)
        error = log_point(recorder, task, &progress);
    if (error || !still)
        return error;
    recorder->statistics.points_nanoseconds += monotonic_now() - started;
    return use_point(recorder, task);
}

static struct error *make_point(struct recorder *recorder, struct task *task)
{
    struct progress progress = {0};
    bool still = true;
    struct error *error = watch_progress(recorder, task, &progress, &still);
    if (!error && still)
        error = leave_rep(recorder, task, &still);
    uint64_t started = monotonic_now();
    if (!error && still)
        error = log_point(recorder, task, &progress);
    uint64_t naming = monotonic_now() - started;
    progress_deinit(&progress);
    if (error || !still)
        return error;
    recorder->statistics.points_nanoseconds += naming;
    choose_slice(task, naming);
    return use_point(recorder, task);
}

struct error *on_interrupted(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    task->trap_pending = false;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    uint64_t now = monotonic_now();
    if (due_time(task) <= now && !is_in_reel_page(regs)) {
        bool stop = true;
        if (task->group->chaos.on && task->group->ready_first && !task->held)
            error = disturb_slice_end(recorder, task, &stop);
        if (error)
            return error;
        if (stop && task->group->chaos.on && now - task->group->slice_start < LOOP_NS)
            return make_point_here(recorder, task);
        if (stop)
            return make_point(recorder, task);
    }
    return tracee_run(task->tracee, task->state == TASK_CALLING ? RUN_TO_CALL : RUN_ON, 0);
}
