/*
 * Which writes reach the stdout and stderr that reel itself was started with, through whatever
 * descriptors: the kernel compares open file descriptions (kcmp(2)).
 */
#include <asm/unistd.h>
#include <linux/kcmp.h>
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
