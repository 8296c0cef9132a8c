#include "commands/choose_process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "commands/process_tree.h"

static bool is_called(const struct process *process, const char *name)
{
    const char *slash = strrchr(process->executable, '/');
    return strcmp(process->executable, name) == 0 || (slash && strcmp(slash + 1, name) == 0);
}

static bool matches(const struct process *process, const char *wanted)
{
    char *end;
    unsigned long pid = strtoul(wanted, &end, 10);
    return *end == 0 ? process->pid == pid : is_called(process, wanted);
}

static bool died_of_signal(const struct process *process)
{
    return process->exited && WIFSIGNALED((int)process->status);
}

struct error *choose_process(struct trace_reader *reader, const char *wanted, uint32_t *ret)
{
    CLEANUP(process_tree) struct process_tree tree = {0};
    struct error *error = process_tree_read(reader, &tree);
    if (error)
        return error;
    for (size_t i = 0; i < tree.count; i++) {
        const struct process *process = &tree.process[i];
        if (wanted ? !matches(process, wanted) : !died_of_signal(process))
            continue;
        *ret = process->last_stream;
        return NULL;
    }
    if (wanted)
        return error_new("'reel ps' lists them", "%s has no process %s",
                         trace_reader_directory(reader), wanted);
    if (!tree.count)
        return error_new("record again", "%s has no process: the recording was cut at its start",
                         trace_reader_directory(reader));
    *ret = tree.process[0].last_stream;
    return NULL;
}
