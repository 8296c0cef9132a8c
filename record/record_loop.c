/*
 * The recorder's loop: wait for any task to stop, classify, act.
 *
 * A new task's first stop may come before its creator's stop tells of it; it is kept aside until
 * then. Only stops that belong to the current task of a group, ends of tasks, and exits of blocked
 * calls (which then queue for the turn) come here, since nothing else runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/cpu.h"
#include "engine/tracee/spawn.h"
#include "engine/tracee/tsc_trap.h"
#include "record/recorder.h"
#include "trace-format/location.h"

struct early_stop {
    pid_t tid;
    int status;
    struct early_stop *next;
};

uint64_t monotonic_now(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now); /* the vdso reads the TSC: tsc_trap.h */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct task *task_find(struct recorder *recorder, pid_t tid)
{
    struct task *task = recorder->tasks;
    while (task && task->tid != tid)
        task = task->next;
    return task;
}

static struct error *keep_early_stop(struct recorder *recorder, pid_t tid, int status)
{
    struct early_stop *early = malloc(sizeof(*early));
    if (!early)
        return &err_no_memory;
    *early = (struct early_stop){.tid = tid, .status = status, .next = recorder->early};
    recorder->early = early;
    return NULL;
}

static bool take_early_stop(struct recorder *recorder, pid_t tid, int *status)
{
    for (struct early_stop **link = &recorder->early; *link; link = &(*link)->next) {
        struct early_stop *early = *link;
        if (early->tid != tid)
            continue;
        *status = early->status;
        *link = early->next;
        free(early);
        return true;
    }
    return false;
}

struct error *wait_first_stop(struct recorder *recorder, pid_t tid, struct stop *ret)
{
    int status;
    if (!take_early_stop(recorder, tid, &status)) {
        pid_t got;
        do
            got = waitpid(tid, &status, __WALL);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return &err_tracee_gone;
    }
    *ret = stop_classify(status);
    return NULL;
}

/* Job control stopped the task: it stays so until SIGCONT, which shows as another trap. */
static struct error *on_group_stop(struct task *task)
{
    task->in_group_stop = true;
    return tracee_run(task->tracee, RUN_LISTEN, 0);
}

/* An interruption of ours, or the end of a group-stop: whatever the task was resumed for still
 * holds. */
static struct error *on_trap(struct recorder *recorder, struct task *task)
{
    task->in_group_stop = false;
    if (task->trap_pending)
        return on_interrupted(recorder, task);
    return tracee_run(task->tracee, task->state == TASK_CALLING ? RUN_TO_CALL : RUN_ON, 0);
}

static struct error *on_call_stop(struct recorder *recorder, struct task *task)
{
    if (task->group->current == task)
        return on_call_exit(recorder, task);
    task->holds_exit_stop = true;
    make_ready(recorder, task);
    return schedule(recorder, task->group);
}

struct error *dispatch_stop(struct recorder *recorder, struct task *task, struct stop stop)
{
    task->interrupted = false;
    struct error *error = task->group ? fast_drain(recorder, task->group) : NULL;
    if (!error && stop.kind != STOP_EXITED && stop.kind != STOP_KILLED)
        error = fast_follow_mask(task);
    if (error)
        return error;
    switch (stop.kind) {
    case STOP_SECCOMP:
        return on_call_entry(recorder, task);
    case STOP_CALL:
        return on_call_stop(recorder, task);
    case STOP_SIGNAL:
        return on_signal(recorder, task, stop.signal);
    case STOP_FORK:
    case STOP_CLONE:
        return on_new_task(recorder, task, false);
    case STOP_VFORK:
        return on_new_task(recorder, task, true);
    case STOP_VFORK_DONE:
        return tracee_run(task->tracee, RUN_TO_CALL, 0);
    case STOP_EXEC: /* a task that execs keeps or gets its process's id */
        return on_exec(recorder, task, task->process->pid);
    case STOP_EXITING:
        return on_exiting(recorder, task);
    case STOP_GROUP:
        return on_group_stop(task);
    case STOP_TRAP:
        return on_trap(recorder, task);
    case STOP_EXITED:
    case STOP_KILLED:
        return on_gone(recorder, task, stop.status);
    }
    return NULL;
}

/* After execve by a thread that was not the leader, the kernel reports under the leader's id. */
static struct task *task_after_exec(struct recorder *recorder, pid_t tid, struct stop stop)
{
    struct task *task = task_find(recorder, tid);
    if (stop.kind != STOP_EXEC || !task)
        return task;
    unsigned long former = (unsigned long)tid;
    error_free(tracee_event_message(task->tracee, &former));
    return former == (unsigned long)tid ? task : task_find(recorder, (pid_t)former);
}

static struct error *wait_and_dispatch(struct recorder *recorder)
{
    int status;
    pid_t tid;
    struct error *error = wait_any(recorder, &tid, &status);
    if (error || !tid)
        return error;
    struct stop stop = stop_classify(status);
    struct task *task = task_after_exec(recorder, tid, stop);
    if (!task)
        return keep_early_stop(recorder, tid, status);
    error = dispatch_stop(recorder, task, stop);
    /* A task that died under our hands is waited for like any other: its wait status is still to
     * come. */
    return error == &err_tracee_gone ? NULL : error;
}

/* --- Start and end --------------------------------------------------------------------------- */

/* The terminal's signals are the program's business; a request to end is passed on to it. */
static volatile sig_atomic_t root_pid;

/* A program that does not heed the first one (it may hold the signal's handler back for long) is
 * ended by the second: its trace is then complete. */
static void pass_on(int signal)
{
    static volatile sig_atomic_t requests;
    if (root_pid)
        kill(root_pid, requests++ ? SIGKILL : signal);
}

static void handle_signals(struct spawn *spawn)
{
    struct sigaction old, ignore = {.sa_handler = SIG_IGN}, pass = {.sa_handler = pass_on};
    sigaction(SIGINT, &ignore, &old);
    spawn->ignore_interrupt = old.sa_handler == SIG_IGN;
    sigaction(SIGQUIT, &ignore, &old);
    spawn->ignore_quit = old.sa_handler == SIG_IGN;
    sigaction(SIGTERM, NULL, &old);
    if (old.sa_handler != SIG_IGN)
        sigaction(SIGTERM, &pass, NULL);
    sigaction(SIGHUP, NULL, &old);
    if (old.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &pass, NULL);
}

static struct error *exec_failure(const char *path, int failure_pipe)
{
    int reason;
    if (read(failure_pipe, &reason, sizeof(reason)) != sizeof(reason))
        return error_new(NULL, "%s ended before it started", path);
    errno = reason;
    const char *remedy = NULL;
    if (reason == ENOEXEC)
        remedy = "start a script without #! line through its interpreter";
    else if (reason == ENOENT)
        remedy = "if it is a script, the interpreter in its #! line is missing";
    return error_errno(remedy, "cannot execute %s", path);
}

/* Runs the child up to its execve. */
static struct error *start_program(struct recorder *recorder, struct task *task, const char *path,
                                   int failure_pipe)
{
    struct stop stop;
    struct error *error;
    while (!(error = tracee_wait(task->tracee, &stop))) {
        if (stop.kind == STOP_EXEC)
            return on_exec(recorder, task, task->tid);
        if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
            return exec_failure(path, failure_pipe);
        error = tracee_run(task->tracee, RUN_ON, stop.kind == STOP_SIGNAL ? stop.signal : 0);
        if (error && error != &err_tracee_gone)
            return error;
    }
    return error;
}

static struct error *spawn_root(struct recorder *recorder, const sigset_t *mask, struct task **ret,
                                int *failure_pipe)
{
    struct spawn spawn = {.path = recorder->options->path,
                          .arguments = recorder->options->arguments,
                          .environment = recorder->options->environment,
                          .signal_mask = mask,
                          .trace_calls = true};
    struct sigaction segv;
    sigaction(SIGSEGV, NULL, &segv);
    handle_signals(&spawn);
    struct tracee *tracee;
    struct error *error = spawn_tracee(&spawn, &tracee, failure_pipe);
    if (error)
        return error;
    pid_t tid = tracee_tid(tracee);
    tracee_destroy(tracee);
    root_pid = tid;
    error = task_create(recorder, tid, ret);
    if (error)
        return error;
    struct process *process = calloc(1, sizeof(*process));
    if (!process)
        return &err_no_memory;
    *process = (struct process){.pid = tid, .parent = getpid(), .tasks = 1};
    if (segv.sa_handler == SIG_IGN) /* which is inherited */
        process->segv.handler = (uint64_t)SIG_IGN;
    (*ret)->process = process;
    recorder->root = process;
    return NULL;
}

static struct error *create_writer(struct recorder *recorder)
{
    char directory[4096];
    if (!getcwd(directory, sizeof(directory)))
        return error_errno(NULL, "cannot tell the working directory");
    struct rlimit stack = {.rlim_cur = RLIM_INFINITY};
    getrlimit(RLIMIT_STACK, &stack);
    struct trace_header header = {.recorded_at = (uint64_t)time(NULL),
                                  .cpu = (uint32_t)recorder->cpu,
                                  .memory_checks = recorder->options->memory_checks,
                                  .chaos = recorder->options->chaos,
                                  .chaos_seed = recorder->options->chaos_seed,
                                  .stack_limit = stack.rlim_cur,
                                  .store = recorder->options->store,
                                  .directory = directory,
                                  .arguments = (const char *const *)recorder->options->arguments};
    cpu_features_read(&header.features.word[0], &header.features.xcr0,
                      &header.features.xsave_bytes);
    return trace_writer_create(recorder->options->directory, &header, &recorder->writer);
}

static struct error *run(struct recorder *recorder)
{
    struct error *error = NULL;
    while (!error && recorder->tasks)
        error = wait_and_dispatch(recorder);
    return error;
}

/* After an error of ours: nothing is left behind. */
static void kill_tasks(struct recorder *recorder)
{
    int status;
    pid_t tid;
    for (struct task *task = recorder->tasks; task; task = task->next)
        kill(task->process->pid, SIGKILL);
    while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)
        if (tid > 0 && WIFSTOPPED(status)) /* on its way out it stops once more */
            ptrace(PTRACE_CONT, tid, 0, 0);
}

static struct error *finish(struct recorder *recorder, struct error *error)
{
    tsc_trap_leave();
    if (error)
        kill_tasks(recorder);
    struct trace_end end = {.status = (uint32_t)recorder->root_status,
                            .events = recorder->statistics.events,
                            .nanoseconds = monotonic_now() - recorder->started};
    struct error *write_error = NULL;
    if (recorder->writer)
        write_error = trace_writer_finish(recorder->writer, error ? NULL : &end);
    if (error)
        error_free(write_error);
    draft_deinit(&recorder->draft);
    fast_end(recorder);
    known_sites_keep(&recorder->known_sites, recorder->store);
    known_sites_deinit(&recorder->known_sites);
    store_close(recorder->store);
    free(recorder->root);
    return error ? error : write_error;
}

struct error *record_program(const struct record_options *options, int *status,
                             struct record_statistics *statistics)
{
    struct recorder recorder = {.options = options, .started = monotonic_now()};
    struct task *root = NULL;
    CLEANUP(close_fd) int failure_pipe = -1;
    uint64_t resumes = tracee_resumes();
    give_up_begin(&recorder);
    sigset_t mask, stops; /* blocked in all our threads, so that wait_any() gets it */
    sigemptyset(&stops);
    sigaddset(&stops, SIGCHLD);
    sigprocmask(SIG_BLOCK, &stops, &mask);
    struct error *error = choose_processor(&recorder);
    recorder.one_output = is_one_output();
    if (!error)
        error = store_open(options->store, true, &recorder.store);
    fast_begin(&recorder);
    if (!error)
        error = create_writer(&recorder);
    /* Only now, so that the writer's thread runs beside the program and may read the clock. */
    if (!error)
        error = pin_to_processor(&recorder);
    if (!error)
        error = spawn_root(&recorder, &mask, &root, &failure_pipe);
    /* Now that the program has inherited what we do with SIGSEGV and SIGCHLD. */
    tsc_trap_join();
    signal(SIGCHLD, SIG_DFL);
    if (!error)
        error = start_program(&recorder, root, options->path, failure_pipe);
    if (error && recorder.writer && !recorder.streams) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/trace", options->directory);
        error = finish(&recorder, error);
        unlink(path);
        rmdir(options->directory);
        return error;
    }
    if (!error && options->root)
        error = trace_set_latest(options->root, options->directory);
    if (!error)
        error = run(&recorder);
    error = finish(&recorder, error);
    *status = recorder.root_status;
    *statistics = recorder.statistics;
    statistics->stops = tracee_resumes() - resumes;
    return error;
}
