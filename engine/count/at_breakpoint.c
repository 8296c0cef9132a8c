#include "engine/count/at_breakpoint.h"

static struct error *look(struct tracee *tracee, const struct run_conditions *conditions, bool any,
                          bool *ret)
{
    struct user_regs_struct *regs;
    *ret = false;
    if (!conditions->breakpoint_count)
        return NULL;
    struct error *error = tracee_regs(tracee, &regs);
    for (size_t i = 0; !error && i < conditions->breakpoint_count && !*ret; i++) {
        const struct breakpoint *breakpoint = &conditions->breakpoints[i];
        *ret = breakpoint->address.value == regs->rip &&
               (any || condition_holds(&breakpoint->condition, regs, tracee));
    }
    return error;
}

struct error *is_at_breakpoint(struct tracee *tracee, const struct run_conditions *conditions,
                               bool *ret)
{
    return look(tracee, conditions, false, ret);
}

struct error *is_at_any_breakpoint(struct tracee *tracee, const struct run_conditions *conditions,
                                   bool *ret)
{
    return look(tracee, conditions, true, ret);
}
