/*
 * What the user has inserted, and the conditions of runs that follow from it.
 */
#include <stdlib.h>
#include <string.h>

#include "replay/debug/target_private.h"

/* By all but a breakpoint's condition. */
static int find_place(const struct target *target, enum watch_kind kind, taddr address,
                      uint64_t length)
{
    for (size_t i = 0; i < target->insertion_count; i++) {
        const struct insertion *insertion = &target->insertions[i];
        if (insertion->kind == kind && insertion->address.value == address.value &&
            (kind == WATCH_EXECUTE || insertion->length == length))
            return (int)i;
    }
    return -1;
}

static bool is_inserted(const struct target *target, const struct insertion *wanted)
{
    for (size_t i = 0; i < target->insertion_count; i++) {
        const struct insertion *insertion = &target->insertions[i];
        if (insertion->kind == wanted->kind && insertion->address.value == wanted->address.value &&
            (wanted->kind == WATCH_EXECUTE
                 ? condition_equal(&insertion->condition, &wanted->condition)
                 : insertion->length == wanted->length))
            return true;
    }
    return false;
}

static unsigned access_of(enum watch_kind kind)
{
    switch (kind) {
    case WATCH_WRITE:
        return WATCHES_WRITES;
    case WATCH_READ:
        return WATCHES_READS;
    default:
        return WATCHES_READS | WATCHES_WRITES;
    }
}

/* The arrays that runs read, made anew after each change. */
static struct error *compile(struct target *target)
{
    size_t count = target->insertion_count + 1;
    struct breakpoint *breakpoints = realloc(target->breakpoints, count * sizeof(*breakpoints));
    target->breakpoints = breakpoints ? breakpoints : target->breakpoints;
    struct watch *watches = realloc(target->watches, count * sizeof(*watches));
    target->watches = watches ? watches : target->watches;
    size_t *which = realloc(target->watch_insertion, count * sizeof(*which));
    target->watch_insertion = which ? which : target->watch_insertion;
    target->breakpoint_count = target->watch_count = 0;
    if (!breakpoints || !watches || !which)
        return &err_no_memory;
    for (size_t i = 0; i < target->insertion_count; i++) {
        const struct insertion *insertion = &target->insertions[i];
        if (insertion->kind == WATCH_EXECUTE) {
            breakpoints[target->breakpoint_count++] =
                (struct breakpoint){insertion->address, insertion->condition};
            continue;
        }
        which[target->watch_count] = i;
        watches[target->watch_count++] = (struct watch){.address = insertion->address,
                                                        .length = insertion->length,
                                                        .access = access_of(insertion->kind)};
    }
    return NULL;
}

#define WATCH_LENGTH_MAX (1ul << 20)

static size_t breakpoints_at(const struct target *target, taddr address)
{
    size_t count = 0;
    for (size_t i = 0; i < target->breakpoint_count; i++)
        count += target->breakpoints[i].address.value == address.value;
    return count;
}

static struct error *add_insertion(struct target *target, const struct insertion *insertion)
{
    if (is_inserted(target, insertion))
        return NULL;
    if (insertion->kind == WATCH_EXECUTE &&
        breakpoints_at(target, insertion->address) == CONDITIONS_MAX)
        return error_new("remove some", "%d breakpoints at %#lx", CONDITIONS_MAX,
                         insertion->address.value);
    struct insertion *grown =
        realloc(target->insertions, (target->insertion_count + 1) * sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    target->insertions = grown;
    grown[target->insertion_count++] = *insertion;
    return compile(target);
}

struct error *target_insert(struct target *target, enum watch_kind kind, taddr address,
                            uint64_t length)
{
    if (kind != WATCH_EXECUTE && (length == 0 || length > WATCH_LENGTH_MAX))
        return error_new("watch fewer bytes", "cannot watch %lu bytes", length);
    return add_insertion(target,
                         &(struct insertion){.kind = kind, .address = address, .length = length});
}

struct error *target_insert_conditional(struct target *target, taddr address,
                                        const struct condition *condition)
{
    if (!condition_is_valid(condition))
        return error_new("compare a register, or 1, 2, 4 or 8 bytes of memory",
                         "no such condition");
    return add_insertion(
        target,
        &(struct insertion){.kind = WATCH_EXECUTE, .address = address, .condition = *condition});
}

void target_remove(struct target *target, enum watch_kind kind, taddr address, uint64_t length)
{
    int index;
    while ((index = find_place(target, kind, address, length)) >= 0) {
        size_t behind = target->insertion_count - (size_t)index - 1;
        memmove(&target->insertions[index], &target->insertions[index + 1],
                behind * sizeof(target->insertions[0]));
        target->insertion_count--;
    }
    error_free(compile(target)); /* the arrays only shrink */
}

void target_remove_all(struct target *target)
{
    target->insertion_count = 0;
    error_free(compile(target));
}

struct run_conditions target_conditions(const struct target *target)
{
    return (struct run_conditions){.breakpoints = target->breakpoints,
                                   .breakpoint_count = target->breakpoint_count,
                                   .watches = target->watches,
                                   .watch_count = target->watch_count,
                                   .interrupted = &target->interrupted};
}

int breakpoint_at(const struct target *target, taddr address)
{
    return find_place(target, WATCH_EXECUTE, address, 0);
}

struct error *breakpoint_met(struct target *target, struct session *session, uint32_t tid, int *ret)
{
    struct trace_regs trace_regs;
    struct user_regs_struct regs;
    struct tracee *tracee;
    *ret = -1;
    if (!target->breakpoint_count)
        return NULL;
    struct error *error = session_registers(session, tid, &trace_regs);
    if (error || breakpoint_at(target, taddr_of(trace_regs.value[TRACE_RIP])) < 0)
        return error;
    memcpy(&regs, &trace_regs, sizeof(regs));
    error = session_load(session, &tracee);
    for (size_t i = 0; !error && i < target->insertion_count && *ret < 0; i++) {
        const struct insertion *insertion = &target->insertions[i];
        if (insertion->kind == WATCH_EXECUTE && insertion->address.value == regs.rip &&
            condition_holds(&insertion->condition, &regs, tracee))
            *ret = (int)i;
    }
    return error;
}

/* --- Watched bytes across an event
 * ----------------------------------------------------------------------- */

static size_t watched_bytes(const struct target *target)
{
    size_t size = 0;
    for (size_t i = 0; i < target->watch_count; i++)
        size += target->watches[i].length;
    return size;
}

static void read_watched(struct target *target, struct session *session, uint8_t *bytes)
{
    for (size_t i = 0; i < target->watch_count; i++) {
        const struct watch *watch = &target->watches[i];
        memset(bytes, 0, watch->length);
        session_read(session, watch->address, bytes, watch->length);
        bytes += watch->length;
    }
}

struct error *snapshot_watched(struct target *target, struct session *session,
                               struct watch_snapshot *ret)
{
    ret->bytes = NULL;
    if (!target->watch_count)
        return NULL;
    ret->bytes = malloc(watched_bytes(target));
    if (!ret->bytes)
        return &err_no_memory;
    read_watched(target, session, ret->bytes);
    return NULL;
}

int changed_watch(struct target *target, struct session *session,
                  const struct watch_snapshot *before)
{
    struct watch_snapshot now;
    struct error *error = snapshot_watched(target, session, &now);
    size_t offset = 0;
    int changed = -1;
    for (size_t i = 0; !error && i < target->watch_count && changed < 0; i++) {
        const struct watch *watch = &target->watches[i];
        if (watch->access & WATCHES_WRITES &&
            memcmp(before->bytes + offset, now.bytes + offset, watch->length))
            changed = (int)i;
        offset += watch->length;
    }
    error_free(error);
    snapshot_deinit(&now);
    return changed;
}

void snapshot_deinit(struct watch_snapshot *snapshot)
{
    free(snapshot->bytes);
    snapshot->bytes = NULL;
}
