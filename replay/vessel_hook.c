#include "replay/vessel_hook.h"

#include <sys/mman.h>

#include "engine/count/step.h"
#include "engine/fastpath/hook_image.h"
#include "replay/vessel_private.h"

/* --- Its memory ------------------------------------------------------------------------------ */

static struct error *map_at(struct vessel *vessel, uint64_t address, uint64_t length,
                            uint64_t protection)
{
    return CALL(vessel, mmap, address, length, protection,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, (uint64_t)-1);
}

static struct error *need_hook(struct vessel *vessel)
{
    const struct hook_state state = {.slot = HOOK_VESSEL_SLOT, .replays = 1};
    if (vessel->windows.has_hook)
        return NULL;
    struct error *error = map_at(vessel, HOOK_CODE, HOOK_CODE_BYTES, PROT_READ | PROT_EXEC);
    if (!error)
        error = map_at(vessel, HOOK_STATE, HOOK_STATE_BYTES, PROT_READ | PROT_WRITE);
    if (!error)
        error = map_at(vessel, HOOK_VESSEL_SLOT, HOOK_SLOT_BYTES, PROT_READ | PROT_WRITE);
    if (!error)
        error = tracee_write(vessel->tracee, taddr_of(HOOK_CODE), hook_image,
                             (size_t)(hook_image_end - hook_image));
    if (!error)
        error = tracee_write(vessel->tracee, taddr_of(HOOK_STATE), &state, sizeof(state));
    vessel->windows.has_hook = !error;
    return error;
}

/* --- The slot -------------------------------------------------------------------------------- */

static taddr in_slot(size_t offset)
{
    return taddr_of(HOOK_VESSEL_SLOT + offset);
}

struct error *vessel_fill_slot(struct vessel *vessel, size_t offset, const uint8_t *entries,
                               size_t size)
{
    struct error *error = need_hook(vessel);
    return error
               ? error
               : tracee_write(vessel->tracee, in_slot(offsetof(struct hook_slot, entries) + offset),
                              entries, size);
}

struct error *vessel_arm_slot(struct vessel *vessel, size_t size)
{
    const uint32_t used_and_taken[2] = {(uint32_t)size, 0};
    _Static_assert(offsetof(struct hook_slot, taken) == offsetof(struct hook_slot, used) + 4,
                   "written as one");
    return tracee_write(vessel->tracee, in_slot(offsetof(struct hook_slot, used)), used_and_taken,
                        sizeof(used_and_taken));
}

struct error *vessel_calls_taken(struct vessel *vessel, uint32_t *ret)
{
    return tracee_read(vessel->tracee, in_slot(offsetof(struct hook_slot, taken)), ret,
                       sizeof(*ret));
}

/* --- Stops in the hook and in stubs ----------------------------------------------------------- */

static bool is_in_hook(uint64_t rip)
{
    return rip >= HOOK_CODE && rip < HOOK_CODE + HOOK_CODE_BYTES;
}

static bool is_aside(struct vessel *vessel, uint64_t rip)
{
    return is_in_hook(rip) || vessel_window_of_stub(vessel, rip);
}

static struct error *set_rip(struct vessel *vessel, uint64_t rip)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(vessel->tracee, &regs);
    if (error)
        return error;
    regs->rip = rip;
    tracee_regs_changed(vessel->tracee);
    return NULL;
}

/*
 * A fault in the hook is of an output that only the kernel could write: the call is made with a
 * stop. One in a stub is of the program's instruction, which has not been executed.
 */
static struct error *fault_aside(struct vessel *vessel, uint64_t rip)
{
    struct vessel_window *window = vessel_window_of_stub(vessel, rip);
    if (is_in_hook(rip))
        return set_rip(vessel, HOOK_NOT_SERVED);
    uint8_t offset = stub_place(&window->stub, (uint8_t)(rip - window->stub_address));
    struct error *error = vessel_unpatch(vessel, window);
    return error ? error : set_rip(vessel, window->start + offset);
}

#define STEPS_MAX                                                                                  \
    100000 /* the hook takes some dozens for an entry, and as many for each output                 \
            */

/* From an interrupt in the hook or in a stub, on to the program's own code. */
static struct error *leave(struct vessel *vessel)
{
    struct user_regs_struct *regs;
    enum step_end end;
    int signal;
    for (int i = 0; i < STEPS_MAX; i++) {
        struct error *error = tracee_regs(vessel->tracee, &regs);
        if (error || !is_aside(vessel, regs->rip))
            return error;
        error = step_instruction(vessel->tracee, &end, &signal);
        if (!error && end == STEP_MET_SIGNAL)
            error = tracee_regs(vessel->tracee, &regs);
        if (!error && end == STEP_MET_SIGNAL && is_aside(vessel, regs->rip))
            error = fault_aside(vessel, regs->rip);
        if (error)
            return error;
    }
    return error_new("please report it, with the trace", "the replay does not leave its hook");
}

/* Where a run has ended; *again: nowhere yet. */
static struct error *come_back(struct vessel *vessel, const struct run_result *result, bool *again)
{
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(vessel->tracee, &regs);
    *again = false;
    if (error || !is_aside(vessel, regs->rip))
        return error;
    *again = result->end == RUN_ENDED_AT_TICK; /* to be met elsewhere */
    if (*again)
        return NULL;
    if (result->end == RUN_ENDED_BY_INTERRUPT)
        return leave(vessel);
    *again = is_in_hook(regs->rip);
    return fault_aside(vessel, regs->rip);
}

#define FAULTS_MAX 4 /* of a run, in the hook: each ends in a stop at a call */

struct error *vessel_run_native(struct vessel *vessel, const struct run_conditions *conditions,
                                struct run_result *ret)
{
    bool again = true;
    int faults = 0;
    struct error *error = vessel_unpatch_for(vessel, conditions);
    while (!error && again) {
        again = false;
        if (faults == FAULTS_MAX)
            return error_new("please report it, with the trace", "the hook of the replay fails");
        error = run_native(vessel->tracee, conditions, ret);
        if (!error && vessel->windows.patched)
            error = come_back(vessel, ret, &again);
        faults += ret->end != RUN_ENDED_AT_TICK;
    }
    return error;
}
