#include "record/spots.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "engine/tracee/maps.h"
#include "engine/tracee/reel_page.h"

#define DR7_EXECUTE_ALL 0x55 /* Intel SDM volume 3, 18.2.4: all four, locally, on execution */

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

static uint64_t near(struct chaos *chaos, uint64_t address)
{
    switch (chaos_below(chaos, 4)) {
    case 0:
        return address; /* surely the beginning of an instruction */
    case 1:
        return address + chaos_below(chaos, 32);
    case 2:
        return address + chaos_below(chaos, 256);
    default:
        return address - 256 + chaos_below(chaos, 512);
    }
}

/* Not in the zeros that fill a page behind its code. */
static uint64_t choose_anywhere(struct chaos *chaos, const struct code *code, struct task *task)
{
    uint64_t address = 0, bytes = 0;
    for (unsigned tries = 0; tries < 16 && !bytes && code->own; tries++) {
        const struct page_range *range = &code->range[chaos_below(chaos, code->own)];
        address = range->start + chaos_below(chaos, range->end - range->start);
        tracee_read_some(task->tracee, taddr_of(address), &bytes, sizeof(bytes));
    }
    return address;
}

static uint64_t choose_spot(struct chaos *chaos, const struct code *code, struct task *task,
                            const struct view *view)
{
    uint64_t kind = chaos_below(chaos, 8), word = 0;
    if (kind == 0)
        word = choose_word(chaos, code, code->own, code->count, view);
    else if (kind < 5)
        word = choose_word(chaos, code, 0, code->own, view);
    return word ? near(chaos, word) : choose_anywhere(chaos, code, task);
}

/* --- Setting --------------------------------------------------------------------------------- */

static struct error *set(struct task *task, const uint64_t spots[SPOTS])
{
    struct error *error = NULL;
    for (unsigned i = 0; !error && i < SPOTS; i++)
        error = tracee_set_debug_reg(task->tracee, i, spots[i]);
    if (!error)
        error = tracee_set_debug_reg(task->tracee, 7, DR7_EXECUTE_ALL);
    task->spots_set = !error;
    return error;
}

struct error *set_spots(struct recorder *recorder, struct task *task)
{
    struct code *code = &task->group->code;
    struct chaos *chaos = &task->group->chaos;
    struct view view;
    uint64_t spots[SPOTS];
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
        spots[i] = choose_spot(chaos, code, task, &view);
    task->spot_passes = chaos_passes(chaos);
    return set(task, spots);
}

/* Instructions are 4 bytes long on average; one of four addresses in a row often begins one. */
struct error *set_spots_behind(struct task *task)
{
    struct user_regs_struct *regs;
    uint64_t spots[SPOTS];
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    uint64_t first = regs->rip + 1 + chaos_below(&task->group->chaos, 24);
    for (unsigned i = 0; i < SPOTS; i++)
        spots[i] = first + i;
    return set(task, spots);
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
