/*
 * Running translated code: in, until a trap, a signal or a watch stops it; then the program's state
 * from the engine's.
 */
#include "engine/count/at_breakpoint.h"
#include "engine/count/at_point.h"
#include "engine/count/debug_registers.h"
#include "engine/count/note.h"
#include "engine/count/step.h"
#include "engine/count/watch_copies.h"
#include "engine/translate/aside.h"
#include "engine/translate/doors.h"
#include "engine/translate/gates.h"
#include "engine/translate/layout.h"
#include "engine/translate/notes.h"
#include "engine/translate/point_test.h"
#include "engine/translate/translator_private.h"
#include "engine/translate/watches.h"

/* One run. */
struct run {
    struct translator *translator;
    struct tracee *tracee;
    const struct run_conditions *conditions;
    uint64_t limit; /* of translated code; one that takes notes steps the last instruction */
    struct run_result *ret;
    struct debug_slot slots[DEBUG_REGISTERS];
    size_t slot_count;
    bool armed;
    bool watches_in_code; /* and not in debug registers */
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

/* The instruction that was executed last has touched the watch's bytes. */
static struct error *hit_watch(struct run *run, size_t watch)
{
    const struct run_note hit = {
        .any = true, .is_watch = true, .watch = watch, .count = run->ret->count - 1};
    run->ret->watch = watch;
    if (!run->conditions->notes)
        return end_run(run, RUN_ENDED_AT_WATCH);
    note_hit(&run->ret->last_hit, &hit, 0);
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
    return hit_watch(run, watch);
}

static struct error *arm(struct run *run, bool on)
{
    if (run->armed == on)
        return NULL;
    run->armed = on;
    return on ? debug_registers_arm(run->tracee, run->slots, run->slot_count)
              : debug_registers_disarm(run->tracee, run->slot_count);
}

/* One instruction. */
static struct error *run_watched_step(struct run *run)
{
    struct run_result result;
    bool hit;
    struct error *error = watches_step(run->tracee, run->conditions, &result, &hit);
    if (error)
        return error;
    run->ret->count += result.count;
    run->ret->signal = result.signal;
    if (hit)
        return hit_watch(run, result.watch);
    return result.end == RUN_ENDED_AT_LIMIT ? NULL : end_run(run, result.end);
}

/* What is not translated, or too near the limit for a whole block. */
static struct error *run_steps(struct run *run, uint64_t count)
{
    struct run_result result;
    run->exit = NULL;
    run->from_lookup = false;
    if (run->watches_in_code)
        return run_watched_step(run);
    struct error *error = arm(run, false);
    if (!error)
        error = run_counted(run->tracee, run->conditions, count, &result);
    if (error)
        return error;
    note_hit(&run->ret->last_hit, &result.last_hit, run->ret->count);
    run->ret->count += result.count;
    run->ret->signal = result.signal;
    run->ret->watch = result.watch;
    return result.end == RUN_ENDED_AT_LIMIT ? NULL : end_run(run, result.end);
}

/* The routine of watches traps before an instruction that touches watched bytes, as far as it can
 * tell: a step tells. */
static struct error *meet_watch_trap(struct run *run)
{
    struct watch_trap trap;
    struct error *error = watch_trap_read(run->tracee, &trap);
    if (!error)
        error = notes_undo(run->translator);
    if (error)
        return error;
    const struct block *block = translator_block_of_code(run->translator, trap.back);
    int index = block ? translator_insn_of_code(run->translator, block, trap.back) : -1;
    if (index < 0)
        return error_new("please report it, with the trace",
                         "the counting engine met a watch at %#lx", trap.back);
    error = stand_before(run, block, (uint32_t)index, trap.back);
    return error ? error : run_steps(run, 1);
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
    if (run->watches_in_code && regs->rip - 1 == run->translator->watches.trap)
        return meet_watch_trap(run);
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
    struct error *error;
    if (run->conditions->interrupted && *run->conditions->interrupted)
        return end_run(run, RUN_ENDED_BY_INTERRUPT);
    if (run->conditions->notes) {
        error = note_breakpoint_here(run->tracee, run->conditions, run->ret->count,
                                     &run->ret->last_hit);
        if (error)
            return error;
    }
    if (run->ret->count == 0)
        return NULL;
    error = is_at_point(run->tracee, run->conditions->point, &at_point);
    if (error || at_point)
        return error ? error : end_run(run, RUN_ENDED_AT_POINT);
    if (run->conditions->notes)
        return NULL;
    error = is_at_breakpoint(run->tracee, run->conditions, &at_breakpoint);
    return error || !at_breakpoint ? error : end_run(run, RUN_ENDED_AT_BREAKPOINT);
}

/* The last hit that translated code has noted. */
static struct error *collect_note(struct run *run)
{
    struct run_note hit;
    struct error *error = notes_read(run->translator, run->limit, false, &hit);
    /* It was noted before the instruction, which has not been executed if it faults. */
    if (!error && hit.any && hit.is_watch && hit.count >= run->ret->count) {
        error = notes_read(run->translator, run->limit, true, &hit);
        if (!error)
            error = note_breakpoint_here(run->tracee, run->conditions, run->ret->count,
                                         &run->ret->last_hit);
    }
    if (!error)
        note_hit(&run->ret->last_hit, &hit, 0);
    return error;
}

/* The run's translated part. */
static struct error *run_to_limit(struct run *run)
{
    struct error *error = translator_prepare(run->translator, run->conditions);
    if (!error)
        error = watch_copies_take(run->tracee, run->conditions, true, &run->copies);
    if (!error && (run->conditions->notes || run->watches_in_code))
        error = notes_clear(run->translator);
    if (!error)
        error = note_breakpoint_here(run->tracee, run->conditions, 0, &run->ret->last_hit);
    while (!error && !run->ended && run->ret->count < run->limit) {
        error = run_on(run);
        if (!error && !run->ended)
            error = look_around(run);
    }
    return error || !run->conditions->notes ? error : collect_note(run);
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
    *ret = (struct run_result){.end = RUN_ENDED_AT_LIMIT};
    run.watches_in_code = watches_in_code(run.conditions);
    if (!run.watches_in_code)
        run.slot_count = debug_slots(run.conditions, run.slots);
    bool last_step = run.conditions->notes && run.limit; /* so that none is noted where it ends */
    run.limit -= last_step;
    struct error *error = run_to_limit(&run);
    if (!error && !run.ended && last_step)
        error = run_steps(&run, 1);
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
