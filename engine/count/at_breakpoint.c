#include "engine/count/at_breakpoint.h"

struct error *is_at_breakpoint(struct tracee *tracee, const struct run_conditions *conditions,
                               bool *ret)
{
    struct user_regs_struct *regs;
    *ret = false;
    if (!conditions->breakpoint_count)
        return NULL;
    struct error *error = tracee_regs(tracee, &regs);
    for (size_t i = 0; !error && i < conditions->breakpoint_count && !*ret; i++)
        *ret = conditions->breakpoints[i].value == regs->rip;
    return error;
}
