/*
 * Running translated code: in, until a trap, a signal or a watch stops it; then the program's state
 * from the engine's.
 */
#include "engine/count/at_breakpoint.h"
#include "engine/count/at_point.h"
#include "engine/count/debug_registers.h"
#include "engine/count/step.h"
#include "engine/count/watch_copies.h"
#include "engine/translate/aside.h"
#include "engine/translate/doors.h"
#include "engine/translate/gates.h"
#include "engine/translate/layout.h"
#include "engine/translate/point_test.h"
#include "engine/translate/translator_private.h"

/* One run. */
struct run {
    struct translator *translator;
    struct tracee *tracee;
    const struct run_conditions *conditions;
    uint64_t limit;
    struct run_result *ret;
    struct debug_slot slots[DEBUG_REGISTERS];
    size_t slot_count;
    bool armed;
    struct watch_copies copies;
    bool ended;
    /* How the code last left: what may be made to lead to the block that comes next. */
    const struct block_exit *exit;
    bool from_lookup;
};

/* --- Words
 * -------------------------------------------------------------------------------------------------
 */

static struct error *read_word(struct run *run, uint32_t word, uint64_t *ret)
{
    return tracee_read(run->tracee, taddr_of(word), ret, sizeof(*ret));
}

/* `unexecuted`: instructions that the block has counted but not executed. */
static struct error *update_count(struct run *run, uint32_t unexecuted)
{
    uint64_t remaining;
    struct error *error = read_word(run, WORD_REMAINING, &remaining);
    if (!error)
        run->ret->count = run->limit - (remaining + unexecuted);
    return error;
}

static struct error *set_pc(struct run *run, uint64_t address)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(run->tracee, &regs);
    if (error)
        return error;
    regs->rip = address;
    tracee_regs_changed(run->tracee);
    return NULL;
}

/* --- Where the code stands
 * -------------------------------------------------------------------------------------- */

/* Gives the program a register back that the code had put away. */
static struct error *restore_register(struct run *run, const struct block_insn *insn, uint64_t code)
{
    struct user_regs_struct *regs;
    uint64_t value;
    if (insn->saved == SAVED_NONE || code < insn->saved_from || code >= insn->saved_to)
        return NULL;
    struct error *error = read_word(run, insn->saved == SAVED_BASE ? WORD_BASE : WORD_RCX, &value);
    if (!error)
        error = tracee_regs(run->tracee, &regs);
    if (error)
        return error;
    unsigned long long *const registers[] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                                             NULL,       NULL,       &regs->rsi, &regs->rdi};
    *registers[insn->saved == SAVED_BASE ? insn->base : RCX] = value;
    tracee_regs_changed(run->tracee);
    return NULL;
}

/* The task stands within the code of instruction `index` of the block, which has not been executed.
 */
static struct error *stand_before(struct run *run, const struct block *block, uint32_t index,
                                  uint64_t code)
{
    const struct block_insn *insn = &run->translator->insns[block->first_insn + index];
    struct error *error = restore_register(run, insn, code);
    if (!error)
        error = update_count(run, block->count - index);
    return error ? error : set_pc(run, block->address + insn->offset);
}

/* The program is about to execute the block's first instruction. */
static struct error *stand_at(struct run *run, const struct block *block)
{
    struct error *error = update_count(run, 0);
    return error ? error : set_pc(run, block->address);
}

/* Whether the code address is in what a block has besides its instructions: a check. */
static bool is_in_check(const struct block *block, uint64_t code)
{
    return block && block->checked && code >= block->check.other;
}

/* Behind a trap: where the program stands; false if it is none of ours. */
static struct error *leave_trap(struct run *run, uint64_t trap, bool *ours)
{
    struct translator *translator = run->translator;
    struct block *block = translator_block_of_code(translator, trap);
    const struct gate *gate = gate_of_code(translator, trap);
    *ours = true;
    if (gate || point_test_has(translator, trap)) {
        struct error *error = gate ? NULL : point_test_restore(translator, trap);
        if (!error)
            error = update_count(run, 0);
        return error ? error : set_pc(run, gate ? gate->address : translator->point_test.regs.rip);
    }
    if (trap == translator->lookup_trap) {
        uint64_t target;
        struct error *error = read_word(run, WORD_TARGET, &target);
        if (!error)
            error = update_count(run, 0);
        run->from_lookup = true;
        return error ? error : set_pc(run, target);
    }
    if (block && block->checked && trap == block->check.trap) {
        struct error *error = door_shut(translator, block);
        return error ? error : stand_at(run, block);
    }
    if (block && block->count && trap == block->entry)
        return stand_at(run, block); /* it is dead */
    if (block && block->count && trap == block->limit_trap) {
        struct error *error = update_count(run, block->count);
        return error ? error : set_pc(run, block->address);
    }
    for (int i = 0; block && i < block->exit_count; i++) {
        if (block->exits[i].trap != trap)
            continue;
        run->exit = block->exits[i].kind == EXIT_DIRECT ? &block->exits[i] : NULL;
        struct error *error = update_count(run, 0);
        return error ? error : set_pc(run, block->exits[i].target);
    }
    *ours = false;
    return NULL;
}

static bool is_trap(struct translator *translator, uint64_t code)
{
    const struct block *block = translator_block_of_code(translator, code);
    if (gate_of_code(translator, code) || point_test_has(translator, code))
        return true;
    if (block && block->checked && code == block->check.trap)
        return true;
    if (code == translator->lookup_trap || (block && block->count && code == block->limit_trap))
        return true;
    for (int i = 0; block && i < block->exit_count; i++)
        if (block->exits[i].trap == code)
            return true;
    return false;
}

/*
 * From anywhere in the code on to where the program stands between two instructions: at most
 * through the rest of one, the look-up routine and the count of the next block.
 */
static struct error *settle(struct run *run)
{
    for (;;) {
        struct user_regs_struct *regs;
        enum step_end end;
        int signal;
        bool ours;
        struct error *error = tracee_regs(run->tracee, &regs);
        if (error)
            return error;
        uint64_t code = regs->rip;
        const struct block *block = translator_block_of_code(run->translator, code);
        int index = block ? translator_insn_of_code(run->translator, block, code) : -1;
        if (is_trap(run->translator, code))
            return leave_trap(run, code, &ours);
        if (block && (code == block->code || code == block->entry))
            return stand_at(run, block);
        if (index >= 0 && run->translator->insns[block->first_insn + (uint32_t)index].code == code)
            return stand_before(run, block, (uint32_t)index, code);
        error = step_instruction(run->tracee, &end, &signal);
        if (error)
            return error;
        if (end != STEPPED)
            return error_new("please report it, with the trace",
                             "the counting engine met a stop at %#lx", code);
    }
}

/* --- Stops
 * ----------------------------------------------------------------------------------------------------
 */

static struct error *end_run(struct run *run, enum run_end end)
{
    run->ret->end = end;
    run->ended = true;
    return NULL;
}

static struct error *meet_watch(struct run *run, size_t watch)
{
    enum step_end end;
    int signal;
    bool within;
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(run->tracee, &regs);
    if (error || point_test_has(run->translator, regs->rip) ||
        is_in_check(translator_block_of_code(run->translator, regs->rip), regs->rip))
        return error ? error : settle(run); /* it was the engine that read watched bytes */
    error = step_is_within_rep(run->tracee, &run->conditions->watches[watch], &within);
    if (!error && within)
        error = step_instruction(run->tracee, &end, &signal);
    if (!error)
        error = settle(run);
    if (error || watch_copies_changed(run->tracee, &run->copies, watch))
        return error; /* a watch for reads, and a write */
    run->ret->watch = watch;
    return end_run(run, RUN_ENDED_AT_WATCH);
}

static struct error *arm(struct run *run, bool on)
{
    if (run->armed == on)
        return NULL;
    run->armed = on;
    return on ? debug_registers_arm(run->tracee, run->slots, run->slot_count)
              : debug_registers_disarm(run->tracee, run->slot_count);
}

/* What is not translated, or too near the limit for a whole block. */
static struct error *run_steps(struct run *run, uint64_t count)
{
    struct run_result result;
    run->exit = NULL;
    run->from_lookup = false;
    struct error *error = arm(run, false);
    if (!error)
        error = run_counted(run->tracee, run->conditions, count, &result);
    if (error)
        return error;
    run->ret->count += result.count;
    run->ret->signal = result.signal;
    run->ret->watch = result.watch;
    return result.end == RUN_ENDED_AT_LIMIT ? NULL : end_run(run, result.end);
}

/* The code that a check is for cannot be read: what executing it means, a step tells. */
static struct error *meet_fault_in_check(struct run *run, const struct block *block, uint64_t code)
{
    uint64_t offset = code < block->check.start ? UINT64_MAX : code - block->check.start;
    struct error *error = aside_restore(run->tracee, offset);
    if (!error)
        error = stand_at(run, block);
    return error || run->ret->count == run->limit ? error : run_steps(run, 1);
}

/* The program's own fault; or a word of the run's point that cannot be read, and so is not equal.
 */
static struct error *meet_fault(struct run *run, int signal)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(run->tracee, &regs);
    bool ours;
    if (error)
        return error;
    if (point_test_has(run->translator, regs->rip))
        return leave_trap(run, regs->rip, &ours);
    const struct block *block = translator_block_of_code(run->translator, regs->rip);
    int index = block ? translator_insn_of_code(run->translator, block, regs->rip) : -1;
    if (is_in_check(block, regs->rip))
        return meet_fault_in_check(run, block, regs->rip);
    if (index < 0)
        return error_new("please report it, with the trace",
                         "the counting engine met signal %d at %#llx", signal, regs->rip);
    run->ret->signal = signal;
    error = stand_before(run, block, (uint32_t)index, regs->rip);
    return error ? error : end_run(run, RUN_ENDED_AT_SIGNAL);
}

static struct error *meet_stop(struct run *run, struct stop stop)
{
    struct user_regs_struct *regs;
    int slot;
    bool ours;
    struct error *error;
    switch (stop_from_outside(run->tracee, stop)) {
    case OUTSIDE_IGNORED:
        return settle(run);
    case OUTSIDE_INTERRUPT:
        error = settle(run);
        return error ? error : end_run(run, RUN_ENDED_BY_INTERRUPT);
    case NOT_OUTSIDE:
        break;
    }
    if (stop.kind != STOP_SIGNAL)
        return replayed_task_gone();
    error = debug_registers_hit(run->tracee, run->slot_count, &slot);
    if (!error && slot >= 0)
        return meet_watch(run, run->slots[slot].watch);
    if (!error)
        error = tracee_regs(run->tracee, &regs);
    if (error || stop.signal != SIGTRAP)
        return error ? error : meet_fault(run, stop.signal);
    error = leave_trap(run, regs->rip - 1, &ours);
    return error || ours ? error : meet_fault(run, stop.signal);
}

/* --- Running
 * ----------------------------------------------------------------------------------------------------
 */

/* What the last exit led to: the next time without us. */
static struct error *connect(struct run *run, const struct block *block)
{
    if (run->exit)
        return translator_link(run->translator, run->exit, block);
    return run->from_lookup ? translator_publish(run->translator, block) : NULL;
}

static struct error *run_block(struct run *run, const struct block *block)
{
    struct stop stop;
    uint64_t remaining = run->limit - run->ret->count;
    struct error *error = connect(run, block);
    run->exit = NULL;
    run->from_lookup = false;
    if (!error)
        error = arm(run, true);
    if (!error)
        error = tracee_write(run->tracee, taddr_of(WORD_REMAINING), &remaining, sizeof(remaining));
    if (!error)
        error = set_pc(run, block->entry);
    if (!error)
        error = tracee_run(run->tracee, RUN_EMULATED, 0);
    if (!error)
        error = tracee_wait(run->tracee, &stop);
    return error ? error : meet_stop(run, stop);
}

static struct error *run_on(struct run *run)
{
    struct user_regs_struct *regs;
    struct block *block;
    uint64_t left = run->limit - run->ret->count;
    uint32_t flushes = run->translator->flushes;
    struct error *error = tracee_regs(run->tracee, &regs);
    if (!error)
        error = translator_block(run->translator, regs->rip, &block);
    if (error)
        return error;
    if (flushes != run->translator->flushes) {
        run->exit = NULL; /* its block is gone */
        run->from_lookup = false;
    }
    if (!block || !block->count)
        return run_steps(run, 1);
    return block->count > left ? run_steps(run, left) : run_block(run, block);
}

/* What ends a run between two instructions. */
static struct error *look_around(struct run *run)
{
    bool at_breakpoint, at_point;
    if (run->conditions->interrupted && *run->conditions->interrupted)
        return end_run(run, RUN_ENDED_BY_INTERRUPT);
    if (run->ret->count == 0)
        return NULL;
    struct error *error = is_at_point(run->tracee, run->conditions->point, &at_point);
    if (error || at_point)
        return error ? error : end_run(run, RUN_ENDED_AT_POINT);
    error = is_at_breakpoint(run->tracee, run->conditions, &at_breakpoint);
    return error || !at_breakpoint ? error : end_run(run, RUN_ENDED_AT_BREAKPOINT);
}

struct error *translator_run(struct translator *translator, const struct run_conditions *conditions,
                             uint64_t limit, struct run_result *ret)
{
    static const struct run_conditions none;
    struct run run = {.translator = translator,
                      .tracee = translator->tracee,
                      .conditions = conditions ? conditions : &none,
                      .limit = limit < INT64_MAX >> 8 ? limit : INT64_MAX >> 8,
                      .ret = ret};
    if (!run_fits(run.conditions))
        return run_counted(translator->tracee, conditions, limit, ret);
    *ret = (struct run_result){.end = RUN_ENDED_AT_LIMIT};
    run.slot_count = debug_slots(run.conditions, run.slots);
    struct error *error = translator_prepare(translator, run.conditions);
    if (!error)
        error = watch_copies_take(run.tracee, run.conditions, true, &run.copies);
    while (!error && !run.ended && ret->count < run.limit) {
        error = run_on(&run);
        if (!error && !run.ended)
            error = look_around(&run);
    }
    if (!run.ended)
        ret->end = RUN_ENDED_AT_LIMIT;
    if (run.copies.conditions)
        watch_copies_deinit(&run.copies);
    struct error *disarm_error = arm(&run, false);
    if (!error)
        return disarm_error;
    error_free(disarm_error);
    return error;
}
