#include "engine/translate/watches.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/count/watch_copies.h"
#include "engine/translate/layout.h"

bool watches_in_code(const struct run_conditions *conditions)
{
    bool reads_alone = false;
    if (!conditions->watch_count)
        return false;
    for (size_t i = 0; i < conditions->watch_count; i++)
        reads_alone = reads_alone || conditions->watches[i].access == WATCHES_READS;
    return !run_fits(conditions) || (conditions->notes && !reads_alone);
}

void watches_choose(struct translator *translator, const struct run_conditions *conditions)
{
    unsigned watched = 0;
    if (watches_in_code(conditions))
        for (size_t i = 0; i < conditions->watch_count; i++)
            watched |= conditions->watches[i].access;
    if (watched & ~translator->watches.sites.watched ||
        !watched != !translator->watches.sites.watched)
        translator->stale = true;
    if (translator->stale)
        translator->watches.sites.watched = watched;
}

/* --- In the vessel --------------------------------------------------------------------------- */

static bool is_set(const struct watches *set, const struct run_conditions *conditions)
{
    return set->trap && set->count == conditions->watch_count && set->stops == !conditions->notes &&
           memcmp(set->watch, conditions->watches,
                  conditions->watch_count * sizeof(*conditions->watches)) == 0;
}

static struct error *write_routine(struct translator *translator)
{
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emit_begin(emitter, ENGINE_WATCH_ROUTINE);
    uint32_t trap = emit_watch_routine(emitter);
    struct error *error = tracee_write(translator->tracee, taddr_of(ENGINE_WATCH_ROUTINE),
                                       emitter->bytes, emitter->size);
    if (!error)
        translator->watches.trap = trap;
    return error;
}

struct error *watches_set(struct translator *translator, const struct run_conditions *conditions)
{
    struct watches *set = &translator->watches;
    struct error *error = NULL;
    if (!watches_in_code(conditions) || is_set(set, conditions))
        return NULL;
    if (!set->trap)
        error = write_routine(translator);
    if (!error)
        error = watch_tables_write(translator->tracee, conditions->watches, conditions->watch_count,
                                   !conditions->notes);
    if (error)
        return error;
    set->count = conditions->watch_count;
    set->stops = !conditions->notes;
    memcpy(set->watch, conditions->watches, set->count * sizeof(set->watch[0]));
    return NULL;
}

/* --- A step ---------------------------------------------------------------------------------- */

static bool is_touched(const struct insn_access *access, const struct watch *watch,
                       const struct user_regs_struct *regs)
{
    uint64_t start, end;
    insn_access_range(access, regs, &start, &end);
    bool kind = (access->reads && watch->access & WATCHES_READS) ||
                (access->writes && watch->access & WATCHES_WRITES);
    return kind && start < end && start < watch->address.value + watch->length &&
           end > watch->address.value;
}

enum foresight { TOUCHES_NONE, TOUCHES_ONE, TOUCHES_MAYBE };

/* What the instruction is about to touch; *watch: the first that it surely does. */
static enum foresight foresee(const struct insn_accesses *accesses,
                              const struct run_conditions *conditions,
                              const struct user_regs_struct *regs, size_t *watch)
{
    enum foresight best = accesses->unknown ? TOUCHES_MAYBE : TOUCHES_NONE;
    for (size_t i = 0; i < conditions->watch_count; i++)
        for (size_t j = 0; j < accesses->count; j++) {
            if (!is_touched(&accesses->access[j], &conditions->watches[i], regs))
                continue;
            if (!accesses->access[j].unsure) {
                *watch = i;
                return TOUCHES_ONE;
            }
            best = TOUCHES_MAYBE;
        }
    return best;
}

/* Debug registers tell, where they have room; else what has changed. */
static struct error *step_and_compare(struct tracee *tracee,
                                      const struct run_conditions *conditions,
                                      struct run_result *ret, bool *hit)
{
    struct watch_copies copies;
    struct run_conditions watching = {.watches = conditions->watches,
                                      .watch_count = conditions->watch_count};
    *hit = false;
    if (run_fits(&watching)) {
        struct error *error = run_counted(tracee, &watching, 1, ret);
        *hit = !error && ret->end == RUN_ENDED_AT_WATCH;
        return error;
    }
    struct error *error = watch_copies_take(tracee, &watching, false, &copies);
    if (!error)
        error = run_counted(tracee, NULL, 1, ret);
    for (size_t i = 0; !error && i < watching.watch_count && !*hit; i++) {
        *hit =
            watching.watches[i].access & WATCHES_WRITES && watch_copies_changed(tracee, &copies, i);
        ret->watch = i;
    }
    watch_copies_deinit(&copies);
    return error;
}

struct error *watches_step(struct tracee *tracee, const struct run_conditions *conditions,
                           struct run_result *ret, bool *hit)
{
    uint8_t bytes[INSN_BYTES_MAX];
    struct insn_accesses accesses;
    struct user_regs_struct *regs;
    size_t watch = 0;
    struct error *error = tracee_regs(tracee, &regs);
    if (error)
        return error;
    size_t size = tracee_read_some(tracee, taddr_of(regs->rip), bytes, sizeof(bytes));
    insn_find_accesses(bytes, size, regs->rip, &accesses);
    enum foresight foresight = foresee(&accesses, conditions, regs, &watch);
    if (foresight == TOUCHES_MAYBE)
        return step_and_compare(tracee, conditions, ret, hit);
    error = run_counted(tracee, NULL, 1, ret);
    *hit = !error && ret->count && foresight == TOUCHES_ONE;
    ret->watch = watch;
    return error;
}
