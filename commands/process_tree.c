#include "commands/process_tree.h"

#include <stdlib.h>
#include <string.h>

#include "commands/trace_merge.h"

static void free_words(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

static char **copy_words(const char *const *words)
{
    size_t count = 0;
    while (words[count])
        count++;
    char **copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(words[i]);
        if (!copy[i]) {
            free_words(copy);
            return NULL;
        }
    }
    return copy;
}

void process_tree_deinit(struct process_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->process[i].executable);
        free_words(tree->process[i].arguments);
    }
    free(tree->process);
    free(tree->live);
    *tree = (struct process_tree){0};
}

static struct live_task *find_task(struct process_tree *tree, uint32_t tid)
{
    for (size_t i = tree->live_count; i-- > 0;)
        if (tree->live[i].tid == tid)
            return &tree->live[i];
    return NULL;
}

static struct process *find_living(struct process_tree *tree, uint32_t pid)
{
    for (size_t i = tree->count; i-- > 0;)
        if (tree->process[i].pid == pid)
            return tree->process[i].exited ? NULL : &tree->process[i];
    return NULL;
}

/* Room for one more element of `size` bytes in an array that doubles. */
static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t larger = *capacity ? 2 * *capacity : 16;
    void *grown = reallocarray(array, larger, size);
    if (grown)
        *capacity = larger;
    return grown;
}

static struct error *add_task(struct process_tree *tree, uint32_t tid, struct process *process)
{
    size_t index = (size_t)(process - tree->process);
    struct live_task *task = find_task(tree, tid);
    if (task) {
        task->process = index; /* an exec, or an id used anew */
        return NULL;
    }
    void *grown = grow(tree->live, tree->live_count, &tree->live_capacity, sizeof(*tree->live));
    if (!grown)
        return &err_no_memory;
    tree->live = grown;
    tree->live[tree->live_count++] = (struct live_task){.tid = tid, .process = index};
    process->tasks++;
    return NULL;
}

static struct error *add_process(struct process_tree *tree, uint32_t stream, uint32_t pid,
                                 uint32_t parent_pid, struct process **ret)
{
    static const char *const no_words[] = {NULL};
    void *grown = grow(tree->process, tree->count, &tree->capacity, sizeof(*tree->process));
    if (!grown)
        return &err_no_memory;
    tree->process = grown;
    struct process process = {
        .pid = pid,
        .parent_pid = parent_pid,
        .is_root = !find_living(tree, parent_pid),
        .executable = strdup(""),
        .arguments = copy_words(no_words),
        .first_stream = stream,
        .last_stream = stream,
    };
    if (!process.executable || !process.arguments) {
        free(process.executable);
        free(process.arguments);
        return &err_no_memory;
    }
    *ret = &tree->process[tree->count++];
    **ret = process;
    return NULL;
}

static struct error *set_command(struct process *process, const struct stream_origin *origin)
{
    char *executable = strdup(origin->executable ? origin->executable : "");
    char **arguments = copy_words(origin->arguments);
    if (!executable || !arguments) {
        free(executable);
        free_words(arguments);
        return &err_no_memory;
    }
    free(process->executable);
    free_words(process->arguments);
    process->executable = executable;
    process->arguments = arguments;
    process->executed = true;
    return NULL;
}

static struct error *on_start(struct process_tree *tree, uint32_t stream, const struct event *event)
{
    const struct stream_origin *origin = event->origin;
    struct error *error = NULL;
    struct process *process = find_living(tree, origin->pid);
    if (!process)
        error = add_process(tree, stream, origin->pid, origin->parent_pid, &process);
    if (!error && !origin->forked)
        error = set_command(process, origin);
    if (error)
        return error;
    process->last_stream = stream;
    return add_task(tree, event->tid, process);
}

static struct error *on_task(struct process_tree *tree, uint32_t stream, uint32_t creator,
                             const struct effect *effect)
{
    const struct live_task *task = find_task(tree, creator);
    uint32_t parent_pid = task ? tree->process[task->process].pid : creator;
    struct process *process = find_living(tree, effect->task.pid);
    struct error *error = NULL;
    if (!process)
        error = add_process(tree, stream, effect->task.pid, parent_pid, &process);
    return error ? error : add_task(tree, effect->task.tid, process);
}

static void on_exit_event(struct process_tree *tree, const struct event *event)
{
    struct live_task *task = find_task(tree, event->tid);
    if (!task)
        return; /* a trace that says nonsense */
    struct process *process = &tree->process[task->process];
    *task = tree->live[--tree->live_count];
    if (event->exit_flags & EXIT_LAST_OF_PROCESS) {
        process->exited = true;
        process->status = event->status;
    }
}

struct error *process_tree_add(struct process_tree *tree, uint32_t stream,
                               const struct event *event)
{
    struct error *error = NULL;
    if (event->kind == EVENT_START)
        error = on_start(tree, stream, event);
    else if (event->kind == EVENT_EXIT)
        on_exit_event(tree, event);
    for (size_t i = 0; i < event->effect_count && !error; i++)
        if (event->effects[i].kind == EFFECT_TASK)
            error = on_task(tree, stream, event->tid, &event->effects[i]);
    return error;
}

struct error *process_tree_read(struct trace_reader *reader, struct process_tree *ret)
{
    CLEANUP(trace_merge) struct trace_merge *merge = NULL;
    struct error *error = trace_merge_create(reader, &merge);
    while (!error) {
        uint32_t stream;
        const struct event *event;
        error = trace_merge_next(merge, &stream, &event);
        if (error || !event)
            break;
        error = process_tree_add(ret, stream, event);
    }
    return error;
}

uint64_t process_tree_tasks(const struct process_tree *tree)
{
    uint64_t tasks = 0;
    for (size_t i = 0; i < tree->count; i++)
        tasks += tree->process[i].tasks;
    return tasks;
}
