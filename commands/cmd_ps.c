/*
 * reel ps: the process tree, in rr's format, which Midas and other tools read: a header, then
 * PID PPID EXIT CMD between tabs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/human_text.h"
#include "commands/json_text.h"
#include "commands/options.h"
#include "commands/process_tree.h"
#include "commands/terminal_text.h"
#include "engine/syscall/call_text.h"

#include <sys/wait.h>

static void print_process(const struct process *process)
{
    printf("%u\t", process->pid);
    if (process->is_root)
        printf("--\t");
    else
        printf("%u\t", process->parent_pid);
    if (process->exited)
        printf("%d\t", exit_number(process->status));
    else
        printf("none\t"); /* cut before its end */
    if (process->executed)
        print_words(stdout, (const char *const *)process->arguments);
    else
        printf("(forked without exec)");
    putchar('\n');
}

static json_t *process_json(const struct process *process)
{
    json_t *object = json_object();
    json_put(object, "pid", json_count(process->pid));
    json_put(object, "parent", process->is_root ? json_null() : json_count(process->parent_pid));
    json_put(object, "exit",
             process->exited ? json_integer(exit_number(process->status)) : json_null());
    json_put(object, "signal",
             process->exited && WIFSIGNALED(process->status)
                 ? json_text(signal_name(WTERMSIG(process->status)))
                 : json_null());
    json_put(object, "executed", json_boolean(process->executed));
    json_put(object, "executable",
             process->executed ? json_text(process->executable) : json_null());
    json_put(object, "arguments", json_words((const char *const *)process->arguments));
    json_put(object, "tasks", json_count(process->tasks));
    json_put(object, "stream", json_count(process->last_stream));
    return object;
}

static void print_json(const struct process_tree *tree)
{
    json_t *array = json_array();
    for (size_t i = 0; i < tree->count; i++)
        json_array_append_new(array, process_json(&tree->process[i]));
    json_print(array);
}

static struct error *ps(const char *name, bool json)
{
    CLEANUP(trace_reader) struct trace_reader *reader = NULL;
    CLEANUP(process_tree) struct process_tree tree = {0};
    struct error *error = open_trace(name, &reader);
    if (!error)
        error = process_tree_read(reader, &tree);
    if (error)
        return error;
    if (json) {
        print_json(&tree);
        return NULL;
    }
    puts("PID\tPPID\tEXIT\tCMD");
    for (size_t i = 0; i < tree.count; i++)
        print_process(&tree.process[i]);
    return NULL;
}

static int run(int argc, char **argv)
{
    bool json;
    const char *name;
    struct error *error = options_json_and_trace(argc, argv, &json, &name);
    return command_result(error ? error : ps(name, json));
}

const struct command cmd_ps = {
    .name = "ps",
    .arguments = "[--json] [TRACE]",
    .summary = "lists the recorded processes",
    .help = "EXIT is the exit status, minus the signal's number for a death by signal, or none\n"
            "where the recording was cut.\n"
            "  --json  an array of objects\n",
    .run = run,
};
