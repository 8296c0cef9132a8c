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
#define CODE_BEFORE 128

struct view {
    uint64_t word[1 + STACK_WORDS];
    size_t count;
    uint64_t code_start; /* the code that was read last */
    size_t code_size;
    uint8_t code[1024];
};

static struct error *look_at_task(struct task *task, struct view *view)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    view->code_size = 0;
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

#define PATH_INSTRUCTIONS 64
#define INSTRUCTION_BYTES 15 /* at most */

struct place {
    uint64_t address;
    const uint8_t *bytes;
    struct code_insn insn;
};

/* The code is read in pieces: a call to the kernel for each instruction would take longer than many
 * a slice. */
static bool look_at_place(struct task *task, uint64_t address, struct view *view,
                          struct place *place)
{
    if (address < view->code_start ||
        address + INSTRUCTION_BYTES > view->code_start + view->code_size) {
        view->code_start = address - CODE_BEFORE;
        view->code_size = tracee_read_some(task->tracee, taddr_of(view->code_start), view->code,
                                           sizeof(view->code));
        if (address >= view->code_start + view->code_size) {
            view->code_start = address;
            view->code_size =
                tracee_read_some(task->tracee, taddr_of(address), view->code, sizeof(view->code));
        }
    }
    place->address = address;
    place->bytes = view->code + (address - view->code_start);
    size_t left = view->code_start + view->code_size - address;
    return address - view->code_start < view->code_size &&
           code_insn_decode(place->bytes, left, &place->insn);
}

#define CALLS_DEEP 8

/*
 * An order in which instructions may be executed: into functions or over them, along branches or
 * not. Of them those before which to stop makes a difference to others: they touch memory, or call
 * what does. (Else a loop that computes in registers would be where most tasks are stopped.)
 */
struct path {
    uint64_t address[PATH_INSTRUCTIONS];
    size_t count;
    uint64_t returns[CALLS_DEEP]; /* of the calls that it goes into */
    size_t depth;
};

/* 0: nowhere known. */
static uint64_t choose_next(struct chaos *chaos, const struct code *code, const struct place *place,
                            struct path *path)
{
    uint64_t next = place->address + place->insn.length;
    enum code_flow flow = place->insn.flow;
    if (flow == CODE_ENDS || flow == CODE_JUMPS_BY_TABLE)
        return path->depth ? path->returns[--path->depth] : 0;
    if (place->insn.is_call && path->depth < CALLS_DEEP && chaos_below(chaos, 2)) {
        path->returns[path->depth++] = next;
        next = place->address + (uint64_t)place->insn.target;
    } else if (flow == CODE_JUMPS || (flow == CODE_BRANCHES && chaos_below(chaos, 2))) {
        next = place->address + (uint64_t)place->insn.target;
    }
    return is_code(code, 0, code->count, next) ? next : 0;
}

static void find_path(struct chaos *chaos, const struct code *code, struct task *task,
                      uint64_t address, struct view *view, struct path *path)
{
    struct place place;
    path->count = path->depth = 0;
    for (unsigned i = 0; i < PATH_INSTRUCTIONS && address; i++) {
        if (!look_at_place(task, address, view, &place))
            break;
        if (place.insn.touches_memory || place.insn.is_call)
            path->address[path->count++] = address;
        address = choose_next(chaos, code, &place, path);
    }
}

/* One of the first `most` such instructions from `address` on. */
static uint64_t walk(struct chaos *chaos, const struct code *code, struct task *task,
                     uint64_t address, size_t most, struct view *view)
{
    struct path path;
    find_path(chaos, code, task, address, view, &path);
    size_t count = path.count < most ? path.count : most;
    return count ? path.address[chaos_below(chaos, count)] : address;
}

#define SWEEP_BYTES 64 /* enough for decoding to fall into step with the code */

/* Not in the zeros that fill a page behind its code. */
static uint64_t choose_anywhere(struct chaos *chaos, const struct code *code, struct task *task,
                                struct view *view)
{
    uint64_t address = 0, bytes = 0;
    for (unsigned tries = 0; tries < 16 && !bytes && code->own; tries++) {
        const struct page_range *range = &code->range[chaos_below(chaos, code->own)];
        address = range->start + chaos_below(chaos, range->end - range->start - SWEEP_BYTES);
        tracee_read_some(task->tracee, taddr_of(address + SWEEP_BYTES), &bytes, sizeof(bytes));
    }
    for (uint64_t end = address + SWEEP_BYTES; address < end;) {
        struct place place;
        address += look_at_place(task, address, view, &place) ? place.insn.length : 1;
    }
    return address;
}

static uint64_t choose_spot(struct chaos *chaos, const struct code *code, struct task *task,
                            struct view *view)
{
    uint64_t kind = chaos_below(chaos, 16), word = 0;
    if (kind == 0)
        word = choose_word(chaos, code, code->own, code->count, view);
    else if (kind < 12)
        word = choose_word(chaos, code, 0, code->own, view);
    return word ? walk(chaos, code, task, word, PATH_INSTRUCTIONS, view)
                : choose_anywhere(chaos, code, task, view);
}

/* --- Setting --------------------------------------------------------------------------------- */

/* All that are not 0. Not where the task stands: it would not get on. */
static struct error *set(struct task *task)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    uint64_t enabled = 0;
    for (unsigned i = 0; !error && i < SPOTS; i++) {
        if (!task->spot[i] || task->spot[i] == regs->rip)
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

#define BEHIND_INSTRUCTIONS 4

struct error *set_spots_behind(struct task *task)
{
    struct view view;
    struct chaos *chaos = &task->group->chaos;
    struct error *error = look_at_task(task, &view);
    if (error)
        return error;
    for (unsigned i = 0; i < SPOTS; i++)
        task->spot[i] =
            walk(chaos, &task->group->code, task, view.word[0], BEHIND_INSTRUCTIONS, &view);
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
