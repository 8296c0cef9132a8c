/*
 * Everything that is recorded stays on one processor, tracer included; the program is told what it
 * would see without us, since Go, Java and nproc size themselves by it (sched_setaffinity(2)).
 */
#include <sched.h>

#include "record/recorder.h"

struct error *choose_processor(struct recorder *recorder)
{
    if (sched_getaffinity(0, sizeof(recorder->affinity), &recorder->affinity) < 0)
        return error_errno(NULL, "cannot read the processor affinity");
    recorder->cpu = sched_getcpu();
    return NULL;
}

struct error *pin_to_processor(struct recorder *recorder)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(recorder->cpu, &one);
    if (sched_setaffinity(0, sizeof(one), &one) < 0)
        return error_errno(NULL, "cannot stay on processor %d", recorder->cpu);
    return NULL;
}

struct error *answer_affinity(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    size_t size = regs->rax < sizeof(recorder->affinity) ? regs->rax : sizeof(recorder->affinity);
    return tracee_write(task->tracee, taddr_of(task->call.entry.rdx), &recorder->affinity, size);
}
