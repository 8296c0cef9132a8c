/*
 * The processes of a recording, from its events in order of their ticks.
 *
 * A process appears with the START of a stream whose process id no living process has (the first
 * process, and forked children), or with a TASK effect that names another process than its
 * creator's (a vfork child: it shares its parent's stream until it executes). A START with the id
 * of a living process is that process's exec. Process ids can be used anew in a long recording,
 * hence "living".
 */
#ifndef REEL_COMMANDS_PROCESS_TREE_H
#define REEL_COMMANDS_PROCESS_TREE_H

#include "engine/base/cleanup.h"
#include "trace-format/reader.h"

struct process {
    uint32_t pid, parent_pid;
    bool is_root;     /* its parent is not in the recording */
    bool executed;    /* else forked without exec: it has no command of its own */
    char *executable; /* "" without exec */
    char **arguments; /* of its last exec, NULL-terminated; empty without */
    bool exited;
    uint32_t status;       /* as wait(2) gives it; once it exited */
    uint32_t tasks;        /* that it ever had */
    uint32_t first_stream; /* in which it appeared */
    uint32_t last_stream;  /* that its last exec or fork began */
};

struct live_task {
    uint32_t tid;
    size_t process; /* index */
};

/* Zero-initialised, and freed with process_tree_deinit(). */
struct process_tree {
    struct process *process; /* in order of appearance */
    size_t count, capacity;
    struct live_task *live;
    size_t live_count, live_capacity;
};
void process_tree_deinit(struct process_tree *tree);

/* Takes the next event into account. */
struct error *process_tree_add(struct process_tree *tree, uint32_t stream,
                               const struct event *event) MUST_CHECK;

/* Reads the whole trace. */
struct error *process_tree_read(struct trace_reader *reader, struct process_tree *ret) MUST_CHECK;

/* Tasks of all processes together. */
uint64_t process_tree_tasks(const struct process_tree *tree);

/* CLEANUP(process_tree) */
static inline void cleanup_process_tree(struct process_tree *tree)
{
    process_tree_deinit(tree);
}

#endif
