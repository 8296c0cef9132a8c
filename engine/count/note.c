#include "engine/count/note.h"

#include "engine/count/at_breakpoint.h"

void note_hit(struct run_note *note, const struct run_note *hit, uint64_t base)
{
    uint64_t count = hit->count + base;
    if (!hit->any || (note->any && (count < note->count ||
                                    (count == note->count && note->is_watch && !hit->is_watch))))
        return;
    *note = *hit;
    note->count = count;
}

struct error *note_breakpoint_here(struct tracee *tracee, const struct run_conditions *conditions,
                                   uint64_t count, struct run_note *note)
{
    struct user_regs_struct *regs;
    bool here = false;
    struct error *error = conditions->notes ? is_at_breakpoint(tracee, conditions, &here) : NULL;
    if (!error && here)
        error = tracee_regs(tracee, &regs);
    if (error || !here)
        return error;
    const struct run_note hit = {.any = true, .breakpoint = taddr_of(regs->rip), .count = count};
    note_hit(note, &hit, 0);
    return NULL;
}
