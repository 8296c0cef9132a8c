#include "record/spots.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "engine/sites/code_insn.h"
#include "engine/tracee/maps.h"
#include "engine/tracee/reel_page.h"

#define DR7_EXECUTE(index) (1u << 2 * (index)) /* Intel SDM volume 3, 18.2.4 */

/* So often the mappings are looked at anew. */
#define CODE_USES 64

/* --- The program's code ---------------------------------------------------------------------- */

static bool is_system_library(const char *name)
{
    return strncmp(name, "/lib", 4) == 0 || strncmp(name, "/usr/lib", 8) == 0;
}

static void add_code(struct code *code, const struct mapping *mapping)
{
    bool ours = mapping->start >= REEL_PAGE && mapping->end <= REEL_AREA_END;
    if (!(mapping->protection & PROT_EXEC) || ours || mapping->name[0] == '[' ||
        code->count == CODE_RANGES)
        return;
    code->range[code->count++] = (struct page_range){mapping->start, mapping->end};
}

/* The program's own code first, the system's libraries behind it. */
static struct error *find_code(struct task *task, struct code *code)
{
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    code->count = 0;
    for (size_t i = 0; i < mappings.count; i++)
        if (!is_system_library(mappings.mapping[i].name))
            add_code(code, &mappings.mapping[i]);
    code->own = code->count;
    for (size_t i = 0; i < mappings.count; i++)
        if (is_system_library(mappings.mapping[i].name))
            add_code(code, &mappings.mapping[i]);
    mappings_deinit(&mappings);
    return NULL;
}

#define SIGTRAP_BIT (1ull << (SIGTRAP - 1))

static struct error *look_at_process(struct task *task, struct code *code)
{
    uint64_t caught, ignored;
    struct error *error = find_code(task, code);
    if (!error)
        error = tracee_dispositions(task->tracee, &caught, &ignored);
    if (error)
        return error;
    code->uses = CODE_USES;
    code->forbidden = (caught | ignored) & SIGTRAP_BIT;
    return NULL;
}

static bool is_code(const struct code *code, size_t first, size_t end, uint64_t address)
{
    for (size_t i = first; i < end; i++)
        if (address >= code->range[i].start && address < code->range[i].end)
            return true;
    return false;
}

/* --- Choosing -------------------------------------------------------------------------------- */

#define STACK_WORDS 512

/* What the task is about to run: where it stands, and what its stack may return to. */
struct view {
    uint64_t word[1 + STACK_WORDS];
    size_t count;
};

static struct error *look_at_task(struct task *task, struct view *view)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    view->word[0] = regs->rip;
    size_t bytes = tracee_read_some(task->tracee, taddr_of(regs->rsp), view->word + 1,
                                    STACK_WORDS * sizeof(uint64_t));
    view->count = 1 + bytes / sizeof(uint64_t);
    return NULL;
}

/* An address of such code among the words; 0: none is there. The innermost come more often. */
static uint64_t choose_word(struct chaos *chaos, const struct code *code, size_t first, size_t end,
                            const struct view *view)
{
    uint64_t found = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (!is_code(code, first, end, view->word[i]))
            continue;
        found = view->word[i];
        if (chaos_below(chaos, 2))
            break;
    }
    return found;
}

#define LOOK_BYTES 16 /* more than any instruction has */
#define NEAR_INSTRUCTIONS 64

static bool decode_at(struct task *task, uint64_t address, struct code_insn *insn)
{
    uint8_t bytes[LOOK_BYTES];
    size_t size = tracee_read_some(task->tracee, taddr_of(address), bytes, sizeof(bytes));
    return code_insn_decode(bytes, size, insn);
}

/* Whether it is the kind of instruction that code calls a function of its own with (call rel32). */
static bool is_direct_call(struct task *task, uint64_t address, int64_t *target)
{
    struct {
        uint8_t opcode;
        int32_t offset;
    } __attribute__((packed)) call;
    if (tracee_read_some(task->tracee, taddr_of(address), &call, sizeof(call)) < sizeof(call) ||
        call.opcode != 0xe8)
        return false;
    *target = (int64_t)sizeof(call) + call.offset;
    return true;
}

/*
 * An instruction at most so many behind the one at `address`, in one of the orders in which they
 * may be executed: into functions or over them, along branches or not.
 */
static uint64_t walk(struct chaos *chaos, const struct code *code, struct task *task,
                     uint64_t address, uint64_t count)
{
    while (count--) {
        struct code_insn insn;
        int64_t target;
        if (!decode_at(task, address, &insn) || insn.flow == CODE_ENDS)
            break;
        uint64_t following = address + insn.length;
        if (is_direct_call(task, address, &target) && chaos_below(chaos, 2))
            following = address + (uint64_t)target;
        else if (insn.flow == CODE_JUMPS || (insn.flow == CODE_BRANCHES && chaos_below(chaos, 2)))
            following = address + (uint64_t)insn.target;
        if (!is_code(code, 0, code->count, following))
            break;
        address = following;
    }
    return address;
}

#define SWEEP_BYTES 64 /* enough for decoding to fall into step with the code */

/* Not in the zeros that fill a page behind its code. */
static uint64_t choose_anywhere(struct chaos *chaos, const struct code *code, struct task *task)
{
    uint64_t address = 0, bytes = 0;
    for (unsigned tries = 0; tries < 16 && !bytes && code->own; tries++) {
        const struct page_range *range = &code->range[chaos_below(chaos, code->own)];
        address = range->start + chaos_below(chaos, range->end - range->start - SWEEP_BYTES);
        tracee_read_some(task->tracee, taddr_of(address + SWEEP_BYTES), &bytes, sizeof(bytes));
    }
    for (uint64_t end = address + SWEEP_BYTES; address < end;) {
        struct code_insn insn;
        address += decode_at(task, address, &insn) ? insn.length : 1;
    }
    return address;
}

static uint64_t choose_spot(struct chaos *chaos, const struct code *code, struct task *task,
                            const struct view *view)
{
    uint64_t kind = chaos_below(chaos, 8), word = 0;
    if (kind == 0)
        word = choose_word(chaos, code, code->own, code->count, view);
    else if (kind < 6)
        word = choose_word(chaos, code, 0, code->own, view);
    return word ? walk(chaos, code, task, word, chaos_below(chaos, NEAR_INSTRUCTIONS))
                : choose_anywhere(chaos, code, task);
}

/* --- Setting --------------------------------------------------------------------------------- */

/* All that are not 0. */
static struct error *set(struct task *task)
{
    struct error *error = NULL;
    uint64_t enabled = 0;
    for (unsigned i = 0; !error && i < SPOTS; i++) {
        if (!task->spot[i])
            continue;
        error = tracee_set_debug_reg(task->tracee, i, task->spot[i]);
        enabled |= DR7_EXECUTE(i);
    }
    if (!error)
        error = tracee_set_debug_reg(task->tracee, 7, enabled);
    task->spots_set = !error && enabled;
    return error;
}

struct error *set_spots(struct recorder *recorder, struct task *task)
{
    struct code *code = &task->group->code;
    struct chaos *chaos = &task->group->chaos;
    struct view view;
    struct error *error = code->uses ? NULL : look_at_process(task, code);
    if (error)
        return error;
    code->uses--;
    if (code->forbidden || !code->count)
        return NULL;
    error = look_at_task(task, &view);
    if (error)
        return error;
    for (unsigned i = 0; i < SPOTS; i++)
        task->spot[i] = choose_spot(chaos, code, task, &view);
    return set(task);
}

struct error *set_spots_behind(struct task *task)
{
    struct user_regs_struct *regs;
    struct chaos *chaos = &task->group->chaos;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    for (unsigned i = 0; i < SPOTS; i++)
        task->spot[i] =
            walk(chaos, &task->group->code, task, regs->rip, 1 + chaos_below(chaos, 12));
    return set(task);
}

struct error *drop_spot(struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    for (unsigned i = 0; i < SPOTS; i++)
        if (task->spot[i] == regs->rip)
            task->spot[i] = 0;
    return set(task);
}

struct error *clear_spots(struct task *task)
{
    if (!task->spots_set)
        return NULL;
    task->spots_set = false;
    return tracee_set_debug_reg(task->tracee, 7, 0);
}

bool is_spot_trap(const struct task *task, const siginfo_t *info)
{
    return task->spots_set && info->si_signo == SIGTRAP && info->si_code == TRAP_HWBKPT;
}
