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
#include "engine/translate/gate_condition.h"
#include "engine/translate/gates.h"
#include "engine/translate/layout.h"
#include "engine/translate/notes.h"
#include "engine/translate/point_test.h"
#include "engine/translate/publish.h"
#include "engine/translate/translator_private.h"
#include "engine/translate/watches.h"

#define FLAG_TRAP 0x100ull /* set by the program: it wants a trap behind the next instruction */

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
    struct block_exit exit; /* if it is an EXIT_DIRECT of a block in the cache */
    bool from_unknown;
    uint32_t link_at, link; /* a jump's offset in the code that is to be written, and what; or 0 */
    uint64_t words[2];      /* WORD_REMAINING and WORD_RCX, as update_count() found them */
    bool faults;            /* the next instruction is an indirect branch to no address */
};

/* --- Words ----------------------------------------------------------------------------------- */

/* WORD_REMAINING is less than what remains by the slack. `unpaid`: instructions that have been
 * executed besides. */
static struct error *update_count(struct run *run, int32_t unpaid)
{
    struct error *error =
        tracee_read(run->tracee, taddr_of(WORD_REMAINING), run->words, sizeof(run->words));
    if (!error)
        run->ret->count = run->limit - (run->words[0] + BLOCK_SLACK) + (uint64_t)(int64_t)unpaid;
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

/* --- Where the code stands ------------------------------------------------------------------- */

static struct error *restore(struct run *run, uint8_t number, uint32_t word)
{
    struct user_regs_struct *regs;
    uint64_t value;
    struct error *error = tracee_read(run->tracee, taddr_of(word), &value, sizeof(value));
    if (!error)
        error = tracee_regs(run->tracee, &regs);
    if (error)
        return error;
    unsigned long long *const registers[] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                                             NULL,       NULL,       &regs->rsi, &regs->rdi};
    *registers[number] = value;
    tracee_regs_changed(run->tracee);
    return NULL;
}

/* The task is executing the code behind the place, whose instruction has not been executed. */
static struct error *stand_before(struct run *run, const struct block_place *place, uint64_t code)
{
    struct error *error = NULL;
    if (place->saved_in != SAVED_NOWHERE && code >= place->code + place->saved_from &&
        code < place->code + place->saved_to)
        error = restore(run, place->saved,
                        place->saved_in == SAVED_IN_WORD_BASE ? WORD_BASE : WORD_RCX);
    if (!error)
        error = update_count(run, place->unpaid);
    return error ? error : set_pc(run, place->address);
}

/* The program is about to execute the instruction at the address, and all before is paid for. */
static struct error *stand_at(struct run *run, uint64_t address)
{
    struct error *error = update_count(run, 0);
    return error ? error : set_pc(run, address);
}

/* Whether the code address is in what a block has besides its instructions: a check. */
static bool is_in_check(const struct block *block, uint64_t code)
{
    return block && block->checked && code >= block->check.other;
}

/* Whether it is in what a gate leads through that looks at the program's memory. */
static bool is_in_test(const struct translator *translator, uint64_t code)
{
    return point_test_has(translator, code) || gate_condition_at(translator, code);
}

/* The highest address that an indirect branch may go to: for others it faults itself. */
#define ADDRESS_MAX ((1ull << 47) - 1)

static struct error *undo_push(struct run *run, struct user_regs_struct *regs)
{
    uint64_t pushed;
    struct error *error = tracee_read(run->tracee, taddr_of(WORD_PUSHED), &pushed, sizeof(pushed));
    if (!error)
        error = tracee_write(run->tracee, taddr_of(regs->rsp), &pushed, sizeof(pushed));
    regs->rsp += 8;
    return error;
}

/* The indirect branch at WORD_SITE went to no address: back to before it, so that a step meets the
 * fault that it is. */
static struct error *undo_indirect(struct run *run, int32_t unpaid)
{
    struct user_regs_struct *regs;
    uint8_t bytes[INSN_BYTES_MAX];
    struct insn insn;
    uint64_t site;
    struct error *error = tracee_read(run->tracee, taddr_of(WORD_SITE), &site, sizeof(site));
    if (error)
        return error;
    const struct code_of_block of = translator_find_code(run->translator, site);
    const struct block_place *place = code_place(&of, site);
    uint64_t address = place ? place->address : 0;
    size_t size = tracee_read_some(run->tracee, taddr_of(address), bytes, sizeof(bytes));
    insn_decode(bytes, size, address, &insn);
    error = tracee_regs(run->tracee, &regs);
    if (!error && insn.kind == INSN_CALL_INDIRECT)
        error = undo_push(run, regs);
    if (error)
        return error;
    if (insn.kind == INSN_RETURN)
        regs->rsp -= 8u + insn.release;
    regs->rip = address;
    tracee_regs_changed(run->tracee);
    run->faults = true;
    error = update_count(run, unpaid - 1);
    return error ? error : restore(run, RCX, WORD_RCX);
}

/* Behind an exit's trap: where the program stands. */
static struct error *leave_by(struct run *run, const struct block_exit *exit)
{
    struct user_regs_struct *regs;
    struct error *error = update_count(run, exit->unpaid);
    if (error)
        return error;
    if (exit->kind == EXIT_INDIRECT) {
        error = tracee_regs(run->tracee, &regs);
        if (error)
            return error;
        if (regs->rcx > ADDRESS_MAX)
            return undo_indirect(run, exit->unpaid);
        regs->rip = regs->rcx;
        regs->rcx = run->words[1];
        tracee_regs_changed(run->tracee);
        run->from_unknown = exit->trap == 0;
        return NULL;
    }
    run->exit = *exit;
    return set_pc(run, exit->target);
}

/* At a trap on the way to a block. */
static struct error *leave_before_block(struct run *run, const struct block *block, uint64_t trap,
                                        bool *ours)
{
    struct translator *translator = run->translator;
    const struct gate *gate = gate_of_code(translator, trap);
    uint64_t address = gate ? gate->address : block ? block->address : 0;
    struct error *error = NULL;
    if (point_test_has(translator, trap)) {
        error = point_test_restore(translator, trap);
        address = translator->point_test.regs.rip;
    } else if (gate_condition_at(translator, trap)) {
        gate = gate_condition_at(translator, trap);
        error = gate_condition_restore(translator, trap);
        address = gate->address;
    } else if (block && block->checked && trap == block->check.trap) {
        error = door_shut(translator, block);
    } else if (!gate && !(block && block->state == BLOCK_DEAD && trap == block->entry)) {
        return NULL;
    }
    *ours = true;
    return error ? error : stand_at(run, address);
}

/* After a stop at `trap`, if that is one of ours: where the program stands. */
static struct error *leave_trap(struct run *run, uint64_t trap, bool *ours)
{
    const struct code_of_block of = translator_find_code(run->translator, trap);
    *ours = false;
    struct error *error = leave_before_block(run, of.block, trap, ours);
    const struct block_exit *exit = *ours ? NULL : code_exit(&of, trap);
    if (!exit)
        return error;
    *ours = true;
    return leave_by(run, exit);
}

/* A jump within a path is no code: the program may stand before it, or behind. What has just been
 * executed came before. */
static const struct block_place *first_there(const struct code_of_block *of,
                                             const struct block_place *place)
{
    while (place > of->places && place[-1].code == place->code)
        place--;
    return place;
}

/*
 * From anywhere in the code on to where the program stands between two instructions: at most
 * through the rest of one, the way to the next block, and what is done there before the next.
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
        error = leave_trap(run, code, &ours);
        if (error || ours)
            return error;
        const struct code_of_block of = translator_find_code(run->translator, code);
        const struct block_place *place = code_place(&of, code);
        if (of.block && code == of.block->entry)
            return stand_at(run, of.block->address);
        if (place && place->code == code)
            return stand_before(run, first_there(&of, place), code);
        error = step_instruction(run->tracee, &end, &signal);
        if (error)
            return error;
        if (end != STEPPED)
            return error_new("please report it, with the trace",
                             "the counting engine met a stop at %#lx", code);
    }
}

/* --- Stops ---------------------------------------------------------------------------------- */

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
    if (error || is_in_test(run->translator, regs->rip) ||
        is_in_check(translator_find_code(run->translator, regs->rip).block, regs->rip))
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

static void forget_exit(struct run *run)
{
    run->faults = false;
    run->exit.kind = EXIT_STOP;
    run->from_unknown = false;
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

/* What is not translated. */
static struct error *run_step(struct run *run)
{
    struct run_result result;
    forget_exit(run);
    if (run->watches_in_code)
        return run_watched_step(run);
    struct error *error = arm(run, false);
    if (!error)
        error = run_counted(run->tracee, run->conditions, 1, &result);
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
    const struct code_of_block of = translator_find_code(run->translator, trap.back);
    const struct block_place *place = code_place(&of, trap.back);
    if (!place)
        return error_new("please report it, with the trace",
                         "the counting engine met a watch at %#lx", trap.back);
    error = stand_before(run, place, trap.back);
    return error ? error : run_step(run);
}

/* The code that a check is for cannot be read: what executing it means, a step tells. */
static struct error *meet_fault_in_check(struct run *run, const struct block *block, uint64_t code)
{
    uint64_t address = block->address;
    struct error *error = aside_restore(
        run->tracee, code < block->check.start ? UINT64_MAX : code - block->check.start);
    if (!error)
        error = stand_at(run, address);
    return error || run->ret->count == run->limit ? error : run_step(run);
}

/* The program's own fault; or a word of the run's point that cannot be read, and so is not equal;
 * or one of a breakpoint's condition. */
static struct error *meet_fault(struct run *run, int signal)
{
    struct user_regs_struct *regs;
    bool ours;
    struct error *error = tracee_regs(run->tracee, &regs);
    if (error)
        return error;
    if (is_in_test(run->translator, regs->rip))
        return leave_trap(run, regs->rip, &ours);
    const struct code_of_block of = translator_find_code(run->translator, regs->rip);
    if (is_in_check(of.block, regs->rip))
        return meet_fault_in_check(run, of.block, regs->rip);
    const struct block_place *place = code_place(&of, regs->rip);
    if (!place)
        return error_new("please report it, with the trace",
                         "the counting engine met signal %d at %#llx", signal, regs->rip);
    run->ret->signal = signal;
    error = stand_before(run, place, regs->rip);
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

/* --- Running -------------------------------------------------------------------------------- */

/* What the last exit led to: the next time without us. */
static struct error *connect(struct run *run, const struct block *block)
{
    if (run->exit.kind != EXIT_DIRECT || !run->exit.offset)
        return run->from_unknown ? publish(run->translator, block) : NULL;
    run->link_at = run->exit.offset;
    run->link = block->door - (run->exit.offset + (uint32_t)sizeof(run->link));
    return NULL;
}

static struct error *run_code(struct run *run, uint32_t code)
{
    struct stop stop;
    int64_t remaining = (int64_t)(run->limit - run->ret->count) - BLOCK_SLACK;
    const struct tracee_piece pieces[] = {
        {taddr_of(WORD_REMAINING), &remaining, sizeof(remaining)},
        {taddr_of(run->link_at), &run->link, sizeof(run->link)},
    };
    forget_exit(run);
    struct error *error = arm(run, true);
    if (!error)
        error = tracee_write_pieces(run->tracee, pieces, run->link_at ? 2 : 1);
    run->link_at = 0;
    if (!error)
        error = set_pc(run, code);
    if (!error)
        error = tracee_run(run->tracee, RUN_EMULATED, 0);
    if (!error)
        error = tracee_wait(run->tracee, &stop);
    return error ? error : meet_stop(run, stop);
}

/* Near the limit: a block that is cut to fit. */
static struct error *run_cut(struct run *run, uint64_t address, uint64_t left)
{
    uint32_t count;
    struct error *error = translator_cut(run->translator, address, left, &count);
    if (error)
        return error;
    return count ? run_code(run, run->translator->cut->block.code) : run_step(run);
}

static struct error *run_block(struct run *run, uint64_t address)
{
    const struct block *block;
    uint32_t flushes = run->translator->flushes;
    struct error *error = translator_block(run->translator, address, &block);
    if (error)
        return error;
    if (!block)
        return run_step(run);
    uint32_t code = block->entry;
    if (flushes != run->translator->flushes)
        forget_exit(run); /* its block is gone */
    error = connect(run, block);
    return error ? error : run_code(run, code);
}

static struct error *run_on(struct run *run)
{
    struct user_regs_struct *regs;
    uint64_t left = run->limit - run->ret->count;
    struct error *error = tracee_regs(run->tracee, &regs);
    if (error)
        return error;
    if (regs->eflags & FLAG_TRAP || run->faults)
        return run_step(run);
    /* A block may be entered with the slack, and twice that is enough to get somewhere. */
    return left < 2 * BLOCK_SLACK ? run_cut(run, regs->rip, left) : run_block(run, regs->rip);
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
    forget_exit(&run);
    run.watches_in_code = watches_in_code(run.conditions);
    if (!run.watches_in_code)
        run.slot_count = debug_slots(run.conditions, run.slots);
    bool last_step = run.conditions->notes && run.limit; /* so that none is noted where it ends */
    run.limit -= last_step;
    struct error *error = run_to_limit(&run);
    if (!error && !run.ended && last_step)
        error = run_step(&run);
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
