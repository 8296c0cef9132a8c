/*
 * Which writes reach the stdout and stderr that reel itself was started with, through whatever
 * descriptors: the kernel compares open file descriptions (kcmp(2)).
 *
 * Replay prints in the order of the trace, which is that in which we see calls end. Calls of
 * different groups run side by side, so that it need not be that in which the kernel wrote: a task
 * whose turn it is not to write waits at its call's entry, as it would for a pipe that is full.
 */
#include <asm/unistd.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record/recorder.h"

static bool same_file(const struct task *task, int descriptor, int own)
{
    return syscall(__NR_kcmp, task->tid, getpid(), KCMP_FILE, descriptor, own) == 0;
}

int original_output(const struct task *task, int descriptor)
{
    if (descriptor < 0)
        return 0;
    /* On a terminal both may be one description: then the descriptor's number decides. */
    int first = descriptor == STDERR_FILENO ? STDERR_FILENO : STDOUT_FILENO;
    int second = first == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
    if (same_file(task, descriptor, first))
        return first;
    return same_file(task, descriptor, second) ? second : 0;
}

bool copies_to_original_output(const struct task *task, const struct user_regs_struct *regs)
{
    uint64_t descriptor;
    switch (regs->orig_rax) {
    case __NR_sendfile:
        descriptor = regs->rdi;
        break;
    case __NR_splice:
    case __NR_copy_file_range:
        descriptor = regs->rdx;
        break;
    case __NR_tee:
        descriptor = regs->rsi;
        break;
    default:
        return false;
    }
    return original_output(task, (int)descriptor) != 0;
}

bool is_one_output(void)
{
    struct stat one, other;
    return fstat(STDOUT_FILENO, &one) == 0 && fstat(STDERR_FILENO, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static struct task **holder_of(struct recorder *recorder, const struct task *task)
{
    return &recorder->output_holder[recorder->one_output ? STDOUT_FILENO : task->call.output];
}

bool take_output(struct recorder *recorder, struct task *task)
{
    struct task **holder = holder_of(recorder, task);
    if (!task->call.output || *holder == task)
        return true;
    if (!*holder) {
        *holder = task;
        return true;
    }
    task->call.output_ticket = ++recorder->output_tickets;
    return false;
}

static struct task *first_in_line(struct recorder *recorder, struct task **holder)
{
    struct task *first = NULL;
    for (struct task *task = recorder->tasks; task; task = task->next)
        if (task->call.output_ticket && holder_of(recorder, task) == holder &&
            (!first || task->call.output_ticket < first->call.output_ticket))
            first = task;
    return first;
}

struct error *release_output(struct recorder *recorder, struct task *task)
{
    struct task **holder = holder_of(recorder, task);
    if (!task->call.output || *holder != task)
        return NULL;
    *holder = NULL;
    struct task *next = first_in_line(recorder, holder);
    if (!next)
        return NULL;
    next->call.output_ticket = 0;
    *holder = next;
    struct error *error = tracee_run(next->tracee, RUN_TO_CALL, 0);
    return error == &err_tracee_gone ? NULL : error; /* its end gives the output back */
}
