#include "commands/trace_statistics.h"

#include <assert.h>
#include <stdlib.h>

#include "commands/site_statistics.h"
#include "commands/trace_merge.h"
#include "engine/syscall/call_table.h"

#define EVENT(symbol, number, name, reach)                                                         \
    static_assert(EVENT_##symbol < EVENT_SLOTS, "trace_statistics.events has a slot for each");
#include "trace-format/event.def"
#undef EVENT

/* One call more, whose entry an event tells. Numbers beyond the table share the last slot. */
static void count_call(struct call_count *calls, const struct event *event)
{
    bool is_entry = event->kind == EVENT_CALL || event->kind == EVENT_CALL_ENTER ||
                    event->kind == EVENT_CALL_FAST || event->kind == EVENT_EXEC;
    uint64_t number = event->before.value[TRACE_ORIG_RAX];
    if (is_entry)
        calls[number < call_row_count() ? number : call_row_count()].times++;
}

static int by_falling_times(const void *left, const void *right)
{
    const struct call_count *a = left, *b = right;
    if (a->times != b->times)
        return a->times < b->times ? 1 : -1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static struct error *count_events(struct trace_reader *reader, struct trace_statistics *ret)
{
    CLEANUP(trace_merge) struct trace_merge *merge = NULL;
    struct site_statistics sites = {0};
    struct error *error = trace_merge_create(reader, &merge);
    while (!error) {
        uint32_t stream;
        const struct event *event;
        error = trace_merge_next(merge, &stream, &event);
        if (error || !event)
            break;
        if ((size_t)event->kind < EVENT_SLOTS)
            ret->events[event->kind]++;
        count_call(ret->calls, event);
        error = process_tree_add(&ret->tree, stream, event);
        if (!error)
            error = site_statistics_add(&sites, event);
    }
    site_statistics_count(&sites, &ret->patched_sites, &ret->traced_sites);
    site_statistics_deinit(&sites);
    return error;
}

struct error *trace_statistics_read(struct trace_reader *reader, struct trace_statistics *ret)
{
    *ret = (struct trace_statistics){0};
    ret->calls = calloc(call_row_count() + 1, sizeof(*ret->calls));
    if (!ret->calls)
        return &err_no_memory;
    for (size_t i = 0; i <= call_row_count(); i++)
        ret->calls[i].number = i;
    struct error *error = trace_reader_verify(reader, &ret->check);
    if (!error)
        error = count_events(reader, ret);
    qsort(ret->calls, call_row_count() + 1, sizeof(*ret->calls), by_falling_times);
    while (ret->call_count <= call_row_count() && ret->calls[ret->call_count].times)
        ret->call_count++;
    return error;
}

void trace_statistics_deinit(struct trace_statistics *statistics)
{
    process_tree_deinit(&statistics->tree);
    free(statistics->calls);
}
