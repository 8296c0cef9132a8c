#include "record/point.h"

#include "engine/tracee/xsave.h"
#include "record/live_memory.h"
#include "record/observe.h"

#define PIECE_BYTES (64ul << 10) /* what one hash names, and a mismatch can be told of */

/* --- What was written ------------------------------------------------------------------------ */

struct error *note_written(struct recorder *recorder, struct task *task, struct page_ranges *ret)
{
    struct mappings mappings;
    struct page_ranges now = {0};
    struct page_ranges *all = &task->group->written;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    error = written_pages(recorder, task, &mappings, &now);
    for (size_t i = 0; !error && i < now.count; i++)
        error = page_ranges_add(all, now.range[i].start, now.range[i].end);
    mappings_deinit(&mappings);
    page_ranges_merge(all);
    page_ranges_merge(&now);
    if (ret && !error)
        *ret = now;
    else
        page_ranges_deinit(&now);
    return error;
}

/* --- The name -------------------------------------------------------------------------------- */

static struct error *add_state(struct recorder *recorder, struct task *task,
                               const struct memory_piece *piece)
{
    struct effect effect = {.kind = EFFECT_STATE,
                            .address = taddr_of(piece->start),
                            .length = piece->end - piece->start};
    struct error *error = hash_piece(task, piece, &effect.check.hash);
    return error ? error : draft_effect(&recorder->draft, &effect);
}

/* Memory that others map as well may change at any time: it cannot be part of a name when there are
 * others. */
static bool is_own(const struct recorder *recorder, const struct mapping *mapping)
{
    return is_program_memory(mapping) && (!mapping->shared || recorder->streams == 1);
}

/* Both lists are sorted. */
static struct error *add_states(struct recorder *recorder, struct task *task,
                                const struct mappings *mappings, const struct page_ranges *written)
{
    struct error *error = NULL;
    size_t first = 0;
    for (size_t i = 0; !error && i < mappings->count; i++) {
        const struct mapping *mapping = &mappings->mapping[i];
        while (first < written->count && written->range[first].end <= mapping->start)
            first++;
        for (size_t k = first;
             !error && k < written->count && written->range[k].start < mapping->end; k++) {
            const struct page_range *range = &written->range[k];
            uint64_t from = range->start > mapping->start ? range->start : mapping->start;
            uint64_t to = range->end < mapping->end ? range->end : mapping->end;
            if (is_own(recorder, mapping))
                error = live_pieces(recorder, task, mapping, DEAD_STRICT, from, to, PIECE_BYTES,
                                    add_state);
        }
    }
    return error;
}

static struct error *add_words(struct recorder *recorder, struct task *task,
                               const struct progress *progress)
{
    struct error *error = NULL;
    for (size_t i = 0; !error && i < progress->changed_count; i++) {
        struct effect effect = {.kind = EFFECT_WORD,
                                .address = taddr_of(progress->changed[i]),
                                .length = sizeof(effect.word.value)};
        error = tracee_read(task->tracee, effect.address, &effect.word.value,
                            sizeof(effect.word.value));
        if (!error)
            error = draft_effect(&recorder->draft, &effect);
    }
    return error;
}

static struct error *add_vectors(struct recorder *recorder, struct task *task)
{
    uint8_t *bytes = draft_bytes(&recorder->draft, XSAVE_MAX);
    size_t size;
    if (!bytes)
        return &err_no_memory;
    struct error *error = tracee_get_xsave(task->tracee, bytes, &size);
    if (error)
        return error;
    xsave_plain(bytes, size);
    const struct effect effect = {.kind = EFFECT_XSAVE, .length = size, .bytes = bytes};
    return draft_effect(&recorder->draft, &effect);
}

static struct error *name_memory(struct recorder *recorder, struct task *task)
{
    struct mappings mappings;
    struct error *error = note_written(recorder, task, NULL);
    if (!error)
        error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    error = add_states(recorder, task, &mappings, &task->group->written);
    mappings_deinit(&mappings);
    return error;
}

struct error *log_point(struct recorder *recorder, struct task *task,
                        const struct progress *progress)
{
    struct user_regs_struct *regs;
    struct event *event = &recorder->draft.event;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    draft_begin(&recorder->draft, EVENT_POINT);
    event->before = event->after = trace_regs_of(regs);
    uint64_t turn = monotonic_now() - task->group->slice_start, used = processor_time(task);
    event->nanoseconds = turn < used ? turn : used;
    task->stack_pointer = regs->rsp;
    error = add_vectors(recorder, task);
    if (!error)
        error = name_memory(recorder, task);
    if (!error)
        error = add_words(recorder, task, progress);
    if (!error)
        error = log_event(recorder, task);
    page_ranges_deinit(&task->group->written);
    recorder->statistics.points++;
    return error;
}
