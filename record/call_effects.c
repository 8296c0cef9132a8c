/*
 * What a finished system call changed, as effects of its event.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "record/recorder.h"

static struct call finished_call(const struct task *task, const struct user_regs_struct *exit)
{
    const struct user_regs_struct *entry = &task->call.entry;
    return (struct call){
        .number = entry->orig_rax,
        .argument = {entry->rdi, entry->rsi, entry->rdx, entry->r10, entry->r8, entry->r9},
        .result = (int64_t)exit->rax};
}

static bool failed(const struct call *call)
{
    return call->result < 0 && call->result >= -4095;
}

/* Bytes that went to the terminal or wherever reel's own stdout and stderr lead: replay prints them
 * again. */
static struct error *add_output(struct recorder *recorder, struct task *task,
                                const struct call *call)
{
    if (failed(call) || !task->call.output)
        return NULL;
    struct memory_ranges ranges = {0};
    struct memory_view view = task_view(task);
    struct error *error = call_inputs(call, &view, &ranges);
    for (size_t i = 0; !error && i < ranges.count; i++) {
        struct effect effect = {.kind = EFFECT_OUTPUT,
                                .address = ranges.range[i].address,
                                .length = ranges.range[i].length,
                                .output.descriptor = (uint32_t)task->call.output};
        error = draft_effect(&recorder->draft, &effect);
    }
    memory_ranges_deinit(&ranges);
    return error;
}

static struct error *add_outputs(struct recorder *recorder, struct task *task,
                                 const struct call *call)
{
    bool in_scratch = task->call.redirects.count > 0;
    if (in_scratch && failed(call) && !(task->call.row->flags & CALL_OUT_ON_ERROR))
        return NULL;
    struct memory_ranges ranges = {0};
    struct memory_view view = task_view(task);
    struct error *error = call_outputs(call, &view, &ranges);
    if (!error && in_scratch)
        error = scratch_collect(task, &ranges);
    for (size_t i = 0; !error && i < ranges.count; i++)
        error = draft_memory(&recorder->draft, task->tracee, ranges.range[i].address,
                             ranges.range[i].length);
    memory_ranges_deinit(&ranges);
    return error;
}

/* R, S, D, t … as in /proc/PID/stat; 0 if the task is gone. */
static char run_state(const struct task *task)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", task->tid);
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return 0;
    const char *end = strrchr(text, ')');
    return end && end[1] ? end[2] : 0;
}

/* Lets the task, which has been resumed into a call, come to rest there. */
static void wait_until_asleep(const struct task *task)
{
    for (int tries = 0; tries < 1000 && run_state(task) == 'R'; tries++)
        sched_yield();
}

/* Only futex words are written in place by a call that is still under way; all else goes to
 * scratch memory, or comes at the end. */
struct error *add_entry_effects(struct recorder *recorder, struct task *task)
{
    const struct user_regs_struct none = {0};
    if (task->call.entry.orig_rax != __NR_futex)
        return NULL;
    struct call call = finished_call(task, &none);
    struct memory_view view = task_view(task);
    struct memory_ranges ranges = {0};
    struct error *error = call_outputs(&call, &view, &ranges);
    if (!error && ranges.count)
        wait_until_asleep(task);
    for (size_t i = 0; !error && i < ranges.count; i++)
        error = draft_memory(&recorder->draft, task->tracee, ranges.range[i].address,
                             ranges.range[i].length);
    memory_ranges_deinit(&ranges);
    return error;
}

/* How far the stack may grow is asked when it does. */
static bool sets_stack_limit(const struct call *call)
{
    if (call->number == __NR_setrlimit)
        return call->argument[0] == RLIMIT_STACK;
    return call->number == __NR_prlimit64 && call->argument[1] == RLIMIT_STACK && call->argument[2];
}

struct error *add_call_effects(struct recorder *recorder, struct task *task,
                               const struct user_regs_struct *exit)
{
    const struct call_row *row = task->call.row;
    if (!row || task->call.emulated)
        return NULL;
    struct call call = finished_call(task, exit);
    struct error *error = NULL;
    if (call.number == __NR_sched_getaffinity && !failed(&call))
        error = answer_affinity(recorder, task);
    if (!error && row->flags & CALL_SENDS)
        error = add_output(recorder, task, &call);
    if (!error)
        error = add_outputs(recorder, task, &call);
    if (!error)
        error = add_file_effects(recorder, task, &call);
    if (!error && sets_stack_limit(&call))
        error = add_stack_limit(recorder, task);
    if (!error && row->flags & CALL_MAPS)
        error = add_map_effects(recorder, task, &call);
    if (!error && row->flags & CALL_MAPS)
        error = add_patches(recorder, task);
    if (!error && row->flags & CALL_SIGRETURN)
        error = draft_xsave(&recorder->draft, task->tracee);
    if (!error && task->call.child && !task->call.entry_logged)
        error = add_child_effect(recorder, task);
    return error;
}
