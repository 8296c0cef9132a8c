/*
 * What stepping must hide: the trap flag shows in what pushf pushes (and in r11 after syscall,
 * which therefore is never stepped), and a string instruction with a rep prefix traps after every
 * iteration, and a gather may trap after some of its elements. Having stepped what begins with the
 * opcode of popf or iret, the kernel takes the trap flag of this and all further steps for the
 * program's own, and leaves it set when the task runs on (arch/x86/kernel/step.c,
 * enable_single_step): it is taken away after each step. popf is run to a trap behind it, so that a
 * trap flag behind it is the program's.
 */
#include "engine/count/step.h"

#include <string.h>

#include "engine/count/traps.h"
#include "engine/tracee/string_insn.h"

#define INSN_MAX 15
#define FLAG_TRAP 0x100ull
#define INTERRUPT_SIGNAL SIGURG /* ignored by default: harmless should it come too late */

void run_interrupt(pid_t pid)
{
    kill(pid, INTERRUPT_SIGNAL);
}

struct error *replayed_task_gone(void)
{
    return error_new("was it killed by somebody, or is memory short?",
                     "the process that carries the replay is gone");
}

enum outside stop_from_outside(struct tracee *tracee, struct stop stop)
{
    siginfo_t info;
    if (stop.kind == STOP_GROUP || stop.kind == STOP_TRAP)
        return OUTSIDE_IGNORED;
    if (stop.kind != STOP_SIGNAL)
        return NOT_OUTSIDE;
    struct error *error = tracee_siginfo(tracee, &info);
    error_free(error);
    if (error || info.si_code > 0)
        return NOT_OUTSIDE;
    return stop.signal == INTERRUPT_SIGNAL ? OUTSIDE_INTERRUPT : OUTSIDE_IGNORED;
}

struct error *answer_int80(struct tracee *tracee, taddr next_call, bool *ret)
{
    static const uint8_t int80[] = {0xcd, 0x80};
    struct user_regs_struct *regs;
    uint8_t bytes[2];
    struct error *error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    *ret = regs->rip != next_call.value &&
           tracee_read_some(tracee, taddr_of(regs->rip - 2), bytes, 2) == 2 &&
           memcmp(bytes, int80, 2) == 0;
    if (!*ret)
        return NULL;
    regs->orig_rax = (uint64_t)-1; /* rax is -ENOSYS already */
    tracee_regs_changed(tracee);
    return NULL;
}

/* --- What the next instruction is
 * ------------------------------------------------------------------------ */

struct instruction {
    uint64_t address;
    bool own_trap_flag; /* the program has set it: it wants the trap behind the instruction */
    bool is_call, is_trap, is_push_flags, is_pop_flags, is_rep_string, is_gather;
    size_t length;  /* of one without operands, such as popf and string instructions, */
    unsigned width; /* and of what it moves at once, bytes */
};

/* VEX or EVEX, map 0F38: gathers, and with EVEX scatters and their prefetches. */
static bool is_gather(const uint8_t bytes[5])
{
    uint8_t opcode = bytes[0] == 0xc4 ? bytes[3] : bytes[4];
    if (bytes[0] == 0xc4)
        return (bytes[1] & 0x1f) == 2 && (opcode & 0xfc) == 0x90;
    return bytes[0] == 0x62 && (bytes[1] & 7) == 2 &&
           ((opcode & 0xfc) == 0x90 || (opcode & 0xfc) == 0xa0 || (opcode & 0xfe) == 0xc6);
}

/* By the opcode's low bit, REX.W (the last prefix) and the operand size prefix. */
static unsigned string_width(const uint8_t *bytes, size_t opcode_at)
{
    if (!(bytes[opcode_at] & 1))
        return 1;
    if (opcode_at && (bytes[opcode_at - 1] & 0xf8) == 0x48)
        return 8;
    return memchr(bytes, 0x66, opcode_at) ? 2 : 4;
}

static struct instruction look_at(struct tracee *tracee, const struct user_regs_struct *regs)
{
    uint8_t bytes[INSN_MAX + 4] = {0};
    struct instruction instruction = {.address = regs->rip,
                                      .own_trap_flag = regs->eflags & FLAG_TRAP};
    tracee_read_some(tracee, taddr_of(regs->rip), bytes, INSN_MAX);
    const struct insn_prefixes prefixes = insn_prefixes(bytes, INSN_MAX - 2);
    const size_t at = prefixes.length;
    instruction.length = at + 1;
    instruction.is_call = bytes[at] == 0x0f && bytes[at + 1] == 0x05;
    instruction.is_trap =
        bytes[at] == 0xcc || bytes[at] == 0xf1 || (bytes[at] == 0xcd && bytes[at + 1] == 3);
    instruction.is_push_flags = bytes[at] == 0x9c;
    instruction.is_pop_flags = bytes[at] == 0x9d;
    instruction.is_gather = is_gather(bytes + at);
    instruction.is_rep_string = prefixes.repeats && is_string_opcode(bytes[at]);
    instruction.width = string_width(bytes, at);
    return instruction;
}

#define FLAG_DIRECTION 0x400ull

static bool touches(const struct watch *watch, uint64_t pointer,
                    const struct instruction *instruction, bool downwards)
{
    uint64_t last = downwards ? pointer + instruction->width : pointer - instruction->width;
    return last < watch->address.value + watch->length &&
           watch->address.value < last + instruction->width;
}

struct error *step_is_within_rep(struct tracee *tracee, const struct watch *watch, bool *ret)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    const struct instruction instruction = look_at(tracee, regs);
    bool downwards = regs->eflags & FLAG_DIRECTION;
    *ret = instruction.is_rep_string && (touches(watch, regs->rdi, &instruction, downwards) ||
                                         touches(watch, regs->rsi, &instruction, downwards));
    return NULL;
}

struct error *step_may_be_within(struct tracee *tracee, bool *ret)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    const struct instruction instruction = look_at(tracee, regs);
    *ret = instruction.is_rep_string || instruction.is_gather;
    return NULL;
}

/* --- The step
 * ---------------------------------------------------------------------------------------------- */

/* Resumes and waits for a stop that is the program's; *met: what it was. */
static struct error *run_once(struct tracee *tracee, enum run_kind kind, struct stop *stop,
                              enum outside *outside)
{
    struct error *error;
    do {
        error = tracee_run(tracee, kind, 0);
        if (!error)
            error = tracee_wait(tracee, stop);
        if (error)
            return error;
        if (stop->kind == STOP_EXITED || stop->kind == STOP_KILLED)
            return replayed_task_gone();
        *outside = stop_from_outside(tracee, *stop);
    } while (*outside == OUTSIDE_IGNORED);
    return NULL;
}

static struct error *hide_trap_flag(struct tracee *tracee)
{
    struct user_regs_struct *regs;
    uint64_t flags;
    struct error *error = tracee_regs(tracee, &regs);
    if (!error)
        error = tracee_read(tracee, taddr_of(regs->rsp), &flags, sizeof(flags));
    if (error)
        return error;
    flags &= ~FLAG_TRAP;
    return tracee_write(tracee, taddr_of(regs->rsp), &flags, sizeof(flags));
}

static struct error *still_there(struct tracee *tracee, const struct instruction *instruction,
                                 bool *ret)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(tracee, &regs);
    if (!error)
        *ret = regs->rip == instruction->address;
    return error;
}

/* To a trap behind the instruction, with one stop: all iterations that are left, if it has any. */
static struct error *run_to_behind(struct tracee *tracee, const struct instruction *instruction,
                                   struct stop *stop, enum outside *outside)
{
    struct user_regs_struct *regs;
    struct traps traps;
    const struct breakpoint behind = {.address =
                                          taddr_of(instruction->address + instruction->length)};
    struct error *error = traps_insert(tracee, &behind, 1, &traps);
    if (!error)
        error = run_once(tracee, RUN_EMULATED, stop, outside);
    struct error *remove_error = traps_remove(tracee, &traps);
    if (error) {
        error_free(remove_error);
        return error;
    }
    error = remove_error ? remove_error : tracee_regs(tracee, &regs);
    if (!error && regs->rip == behind.address.value + 1) {
        regs->rip = behind.address.value;
        tracee_regs_changed(tracee);
    }
    return error;
}

/* An interrupt that comes behind it comes too late: whoever sent it set a flag as well. */
static struct error *step_pop_flags(struct tracee *tracee, const struct instruction *instruction,
                                    struct stop *stop, enum outside *outside)
{
    bool before = true;
    struct error *error = run_to_behind(tracee, instruction, stop, outside);
    if (!error && *outside == OUTSIDE_INTERRUPT)
        error = still_there(tracee, instruction, &before);
    if (!before) {
        *outside = NOT_OUTSIDE;
        stop->signal = SIGTRAP;
    }
    return error;
}

static struct error *after_step(struct tracee *tracee, const struct instruction *instruction,
                                struct stop *stop)
{
    bool repeating = false;
    enum outside outside;
    struct error *error = NULL;
    if (instruction->is_push_flags)
        return hide_trap_flag(tracee);
    if (instruction->is_rep_string || instruction->is_gather)
        error = still_there(tracee, instruction, &repeating);
    while (!error && repeating && stop->kind == STOP_SIGNAL && stop->signal == SIGTRAP) {
        error = instruction->is_gather ? run_once(tracee, RUN_EMULATED_STEP, stop, &outside)
                                       : run_to_behind(tracee, instruction, stop, &outside);
        if (!error && outside == OUTSIDE_INTERRUPT) /* too late, as in step_pop_flags() */
            stop->signal = SIGTRAP;
        if (!error)
            error = still_there(tracee, instruction, &repeating);
    }
    return error;
}

/* The kernel shows the trap flag only if it does not take it for ours. */
static struct error *drop_trap_flag(struct tracee *tracee)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(tracee, &regs);
    if (error || !(regs->eflags & FLAG_TRAP))
        return error;
    regs->eflags &= ~FLAG_TRAP;
    tracee_regs_changed(tracee);
    return NULL;
}

static struct error *step_once(struct tracee *tracee, const struct instruction *instruction,
                               struct stop *stop, enum outside *outside)
{
    if (instruction->is_pop_flags)
        return step_pop_flags(tracee, instruction, stop, outside);
    struct error *error = run_once(tracee, RUN_EMULATED_STEP, stop, outside);
    return error || instruction->own_trap_flag ? error : drop_trap_flag(tracee);
}

struct error *step_instruction(struct tracee *tracee, enum step_end *ret, int *signal)
{
    struct user_regs_struct *regs;
    struct stop stop;
    enum outside outside;
    struct error *error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    const struct instruction instruction = look_at(tracee, regs);
    if (instruction.is_call) {
        *ret = STEP_AT_CALL;
        return NULL;
    }
    error = step_once(tracee, &instruction, &stop, &outside);
    if (error)
        return error;
    if (outside == OUTSIDE_INTERRUPT) {
        *ret = STEP_INTERRUPTED;
        return NULL;
    }
    *ret = STEPPED;
    if (stop.kind == STOP_CALL) {
        bool answered;
        return answer_int80(tracee, taddr_of(0), &answered);
    }
    bool trap = instruction.is_trap || instruction.own_trap_flag;
    if (stop.signal == SIGTRAP && !trap)
        error = after_step(tracee, &instruction, &stop);
    *signal = stop.signal;
    if (stop.signal != SIGTRAP || trap)
        *ret = STEP_MET_SIGNAL;
    return error;
}
