/*
 * Out of inner loops. In replay a task that runs to a point is compared with it each time that it
 * comes to the point's instruction: in a loop of a few instructions that takes longer than the
 * loop. So the task is given a moment to come to the end of the innermost loops that it is in, a
 * place that it visits less often: behind the branches that lead backwards over where it stands.
 */
#include <signal.h>

#include "engine/sites/code_insn.h"
#include "record/observe.h"

#define CODE_BYTES 1024
#define INSTRUCTIONS_MAX 200

/* Addresses behind such branches, innermost first, in the code from `from` on, as if no branch led
 * forwards. *returns: it goes on to where the function returns. */
static size_t find_exits_from(struct task *task, uint64_t from, uint64_t *exits, size_t most,
                              bool *returns)
{
    uint8_t bytes[CODE_BYTES];
    struct code_insn insn;
    size_t count = 0, size = tracee_read_some(task->tracee, taddr_of(from), bytes, sizeof(bytes));
    int64_t at = 0;
    *returns = false;
    for (unsigned i = 0; i < INSTRUCTIONS_MAX && count < most; i++) {
        if (at < 0 || (size_t)at >= size || !code_insn_decode(bytes + at, size - (size_t)at, &insn))
            break;
        *returns = insn.flow == CODE_ENDS;
        if (insn.flow == CODE_ENDS || insn.flow == CODE_JUMPS_BY_TABLE)
            break;
        if (insn.flow == CODE_BRANCHES && at + insn.target <= 0)
            exits[count++] = from + (uint64_t)at + insn.length;
        at += insn.flow == CODE_JUMPS ? insn.target : insn.length;
    }
    return count;
}

#define STACK_WORDS 64
#define CALL_BYTES 5

/* The next word of the stack that is behind what looks like a call; 0: none. */
static uint64_t next_return(struct task *task, const uint64_t *stack, size_t words, size_t *at)
{
    while (*at < words) {
        uint8_t opcode = 0;
        uint64_t word = stack[(*at)++];
        if (word > PAGE_BYTES &&
            tracee_read_some(task->tracee, taddr_of(word - CALL_BYTES), &opcode, 1) == 1 &&
            opcode == 0xe8)
            return word;
    }
    return 0;
}

#define FUNCTIONS_MAX 3

/* A guess that is wrong costs a moment: it is not come to. */
static size_t find_exits(struct task *task, const struct user_regs_struct *regs,
                         uint64_t exits[SPOTS])
{
    uint64_t stack[STACK_WORDS], from = regs->rip;
    size_t at = 0, count = 0;
    size_t words = tracee_read_some(task->tracee, taddr_of(regs->rsp), stack, sizeof(stack)) / 8;
    bool returns = true;
    for (unsigned i = 0; i < FUNCTIONS_MAX && from && returns && count < SPOTS; i++) {
        count += find_exits_from(task, from, exits + count, SPOTS - count, &returns);
        from = next_return(task, stack, words, &at);
    }
    return count;
}

/* The trap is a forced signal: what the program has to do with it would be destroyed. */
static struct error *is_trap_free(struct task *task, bool *ret)
{
    uint64_t caught, ignored, mask, bit = 1ull << (SIGTRAP - 1);
    struct error *error = tracee_dispositions(task->tracee, &caught, &ignored);
    if (!error)
        error = tracee_get_sigmask(task->tracee, &mask);
    *ret = !error && !((caught | ignored | mask) & bit);
    return error;
}

static struct error *run_to_exit(struct task *task, const uint64_t *exits, size_t count,
                                 struct stop *stop)
{
    uint64_t enabled = 0;
    struct error *error = NULL;
    for (size_t i = 0; !error && i < count; i++) {
        error = tracee_set_debug_reg(task->tracee, (unsigned)i, exits[i]);
        enabled |= 1ull << (2 * i); /* execution; Intel SDM volume 3, 18.2.4 */
    }
    if (!error)
        error = tracee_set_debug_reg(task->tracee, 7, enabled);
    if (!error)
        error = run_briefly(task, stop);
    if (error || stop->kind == STOP_EXITED || stop->kind == STOP_KILLED)
        return error;
    return tracee_set_debug_reg(task->tracee, 7, 0);
}

static struct error *is_at_exit(struct task *task, struct stop stop, const uint64_t *exits,
                                size_t count, bool *ret)
{
    struct user_regs_struct *regs;
    *ret = false;
    if (stop.kind != STOP_SIGNAL || stop.signal != SIGTRAP)
        return NULL;
    struct error *error = tracee_regs(task->tracee, &regs);
    for (size_t i = 0; !error && i < count; i++)
        *ret = *ret || regs->rip == exits[i];
    return error;
}

struct error *leave_loops(struct recorder *recorder, struct task *task, bool *still)
{
    struct user_regs_struct *regs;
    uint64_t exits[SPOTS];
    struct stop stop;
    bool free_to = false, met;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error || task->group->chaos.on || task->spins || fast_is_inside(task, regs->rip))
        return error;
    size_t count = find_exits(task, regs, exits);
    if (count)
        error = is_trap_free(task, &free_to);
    if (error || !free_to)
        return error;
    error = run_to_exit(task, exits, count, &stop);
    if (!error)
        error = is_at_exit(task, stop, exits, count, &met);
    return error ? error : settle_brief_run(recorder, task, stop, met, still);
}
