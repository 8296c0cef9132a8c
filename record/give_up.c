/*
 * Ending a run that does not end by itself: its time is over, or its tasks all wait for each other.
 *
 * A *deadlock* is when every task of the recording sleeps in an untimed wait for a futex that only
 * tasks of the recording can wake: one marked private, or in memory that its address space has for
 * itself; and no process handles a signal, since a handler could wake somebody. Then nothing in the
 * program can ever run again. What is a deadlock for people and not by this rule (pipes, a handler
 * for SIGTERM) is left to --timeout.
 *
 * The run is ended by SIGABRT to each process, which shows in the trace where all stand, and by
 * SIGKILL to those that do not end of it.
 */
#include <asm/unistd.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>

#include "engine/tracee/maps.h"
#include "record/recorder.h"

#define NANOSECONDS 1000000000ull
#define GRACE_NS (2 * NANOSECONDS) /* between SIGABRT and SIGKILL */
#define QUIET_NS 50000000ull /* nothing has stopped for so long: worth a look for a deadlock */

/* --- Deadlock -------------------------------------------------------------------------------- */

static bool is_untimed_wait(const struct user_regs_struct *entry)
{
    switch (entry->rsi & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
        return entry->r10 == 0;
    default:
        return false;
    }
}

static bool waits_for_futex(const struct task *task)
{
    const struct pending_call *call = &task->call;
    return task->state == TASK_CALLING && call->active && !call->emulated && !call->output_ticket &&
           call->entry.orig_rax == __NR_futex && is_untimed_wait(&call->entry) && !task->held;
}

static bool is_asleep(pid_t tid)
{
    char path[64], line[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t size = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[size] = 0;
    const char *name_end = strrchr(line, ')');
    return name_end && strncmp(name_end, ") S", 3) == 0;
}

static bool is_private_futex(const struct task *task)
{
    struct mappings mappings;
    if (task->call.entry.rsi & FUTEX_PRIVATE_FLAG)
        return true;
    struct error *error = mappings_read(task->tid, &mappings);
    error_free(error);
    if (error)
        return false;
    const struct mapping *mapping = mapping_at(&mappings, task->call.entry.rdi);
    bool own = mapping && !mapping->shared;
    mappings_deinit(&mappings);
    return own;
}

/* glibc's own SIGCANCEL and SIGSETXID, which heed only what their process has sent. */
#define C_LIBRARY_SIGNALS (3ull << 31)

static bool handles_signals(const struct task *task)
{
    uint64_t caught, ignored;
    struct error *error = tracee_dispositions(task->tracee, &caught, &ignored);
    error_free(error);
    return error || caught & ~C_LIBRARY_SIGNALS;
}

/* Looked at one after the other, which is sound: none of them can wake another before it runs user
 * code again, and that we would see as a stop. */
static bool is_deadlock(const struct recorder *recorder)
{
    for (const struct task *task = recorder->tasks; task; task = task->next)
        if (!waits_for_futex(task))
            return false;
    for (const struct task *task = recorder->tasks; task; task = task->next)
        if (!is_asleep(task->tid) || !is_private_futex(task) || handles_signals(task))
            return false;
    return recorder->tasks != NULL;
}

/* --- The end --------------------------------------------------------------------------------- */

void give_up_begin(struct recorder *recorder)
{
    const struct record_options *options = recorder->options;
    recorder->give_up_at = options->timeout_seconds
                               ? recorder->started + options->timeout_seconds * NANOSECONDS
                               : UINT64_MAX;
    recorder->look_at = options->find_deadlocks ? recorder->started + QUIET_NS : UINT64_MAX;
}

static void kill_all(const struct recorder *recorder, int signal)
{
    for (const struct task *task = recorder->tasks; task; task = task->next)
        if (task->tid == task->process->pid)
            kill(task->process->pid, signal);
}

static void give_up(struct recorder *recorder, enum record_end why, uint64_t now)
{
    bool first = recorder->statistics.end == RECORD_ENDED;
    if (first)
        recorder->statistics.end = why;
    recorder->give_up_at = now + GRACE_NS;
    recorder->look_at = UINT64_MAX;
    kill_all(recorder, first ? SIGABRT : SIGKILL);
}

uint64_t give_up_due(struct recorder *recorder, uint64_t now)
{
    if (now >= recorder->give_up_at)
        give_up(recorder, RECORD_TIMEOUT, now);
    if (now >= recorder->look_at) {
        recorder->look_at = now + QUIET_NS;
        if (is_deadlock(recorder))
            give_up(recorder, RECORD_DEADLOCK, now);
    }
    return recorder->give_up_at < recorder->look_at ? recorder->give_up_at : recorder->look_at;
}
