/*
 * execve: the task leaves its stream, and a new one begins with a keyframe.
 *
 *   exec stop ─> EXEC in the old stream ─> execve's exit stop, before the first instruction of the
 * new image: the reel page and scratch memory are mapped, the vdso and its data unmapped,
 * AT_SYSINFO_EHDR hidden ─> keyframe (START) ─> RUN_ON
 *
 * Without the vdso, libc and Go make real system calls for the time, which we see. The calls that
 * set this up are made from the entry point of the image, where two bytes are a `syscall`
 * meanwhile, until the reel page is there.
 */
#include <asm/unistd.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/maps.h"
#include "engine/tracee/reel_page.h"
#include "record/recorder.h"

/* --- Leaving the old stream ------------------------------------------------------------------ */

/* A leader whose thread called execve is gone without a word of wait. */
static struct error *bury_leader(struct recorder *recorder, struct task *task, pid_t tid)
{
    struct task *leader = task_find(recorder, tid);
    if (task->tid == tid || !leader)
        return NULL;
    return on_gone(recorder, leader, 0);
}

/* *left: the group, if others live on in it. */
static struct error *leave_stream(struct recorder *recorder, struct task *task, struct group **left)
{
    struct group *group = task->group;
    draft_begin(&recorder->draft, EVENT_EXEC);
    recorder->draft.event.before = trace_regs_of(&task->call.entry);
    recorder->draft.event.next_stream = recorder->streams + 1;
    struct error *error = log_event(recorder, task);
    if (error)
        return error;
    *left = group->tasks > 1 ? group : NULL;
    leave_group(recorder, task);
    return NULL;
}

/* --- Setting the new image up ---------------------------------------------------------------- */

static struct error *run_to_exit_of_execve(struct task *task)
{
    struct stop stop;
    do {
        struct error *error = tracee_run(task->tracee, RUN_TO_CALL, 0);
        if (!error)
            error = tracee_wait(task->tracee, &stop);
        if (error)
            return error;
        if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
            return &err_tracee_gone;
    } while (stop.kind != STOP_CALL);
    return NULL;
}

static struct error *map_reel_page(struct task *task)
{
    static const uint8_t call_instruction[] = {0x0f, 0x05}, code[] = REEL_PAGE_CODE;
    static const uint64_t arguments[6] = {REEL_PAGE,
                                          HOOK_STATE - REEL_PAGE,
                                          PROT_READ | PROT_EXEC,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                                          (uint64_t)-1,
                                          0};
    struct user_regs_struct *regs;
    uint8_t saved[sizeof(call_instruction)];
    int64_t result = 0;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    taddr entry = taddr_of(regs->rip);
    error = tracee_read(task->tracee, entry, saved, sizeof(saved));
    if (!error)
        error = tracee_write(task->tracee, entry, call_instruction, sizeof(call_instruction));
    if (!error)
        error = tracee_inject_at(task->tracee, entry, __NR_mmap, arguments, &result);
    if (!error)
        error = tracee_write(task->tracee, entry, saved, sizeof(saved));
    if (error)
        return error;
    if (result != (int64_t)REEL_PAGE)
        return error_new("link it to another address",
                         "the program occupies the page at %#lx, which reel needs", REEL_PAGE);
    return tracee_write(task->tracee, taddr_of(REEL_PAGE), code, sizeof(code));
}

/* And the hook's state before it. */
static struct error *map_scratch(struct task *task)
{
    static const uint64_t arguments[6] = {HOOK_STATE,
                                          REEL_SCRATCH + REEL_SCRATCH_BYTES - HOOK_STATE,
                                          PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                                              MAP_FIXED_NOREPLACE,
                                          (uint64_t)-1,
                                          0};
    int64_t result;
    return tracee_inject(task->tracee, __NR_mmap, arguments,
                         &result); /* without it, calls write in place */
}

static bool is_vdso(const struct mapping *mapping)
{
    return strncmp(mapping->name, "[vdso", 5) == 0 || strncmp(mapping->name, "[vvar", 5) == 0;
}

/* Its mappings lie side by side: one call, as a rule. */
static struct error *unmap_vdso(struct task *task)
{
    struct mappings mappings;
    struct error *error = mappings_read(task->tid, &mappings);
    if (error)
        return error;
    for (size_t i = 0; !error && i < mappings.count; i++) {
        const struct mapping *first = &mappings.mapping[i], *last = first;
        if (!is_vdso(first))
            continue;
        while (i + 1 < mappings.count && is_vdso(last + 1) && last[1].start == last->end)
            last = &mappings.mapping[++i];
        uint64_t arguments[6] = {first->start, last->end - first->start};
        int64_t result;
        error = tracee_inject(task->tracee, __NR_munmap, arguments, &result);
    }
    mappings_deinit(&mappings);
    return error;
}

/* The words of a stack, upwards, read a piece at a time: each read of a tracee is a system call. */
struct stack_words {
    struct task *task;
    taddr next; /* behind what was read */
    uint64_t word[256];
    size_t at, count;
};

static struct error *next_word(struct stack_words *words, uint64_t *ret)
{
    if (words->at == words->count) {
        size_t got =
            tracee_read_some(words->task->tracee, words->next, words->word, sizeof(words->word));
        words->next = taddr_add(words->next, got);
        words->count = got / sizeof(words->word[0]);
        words->at = 0;
    }
    if (words->count == 0)
        return error_new(NULL, "cannot read the stack of task %d at %#lx", words->task->tid,
                         words->next.value);
    *ret = words->word[words->at++];
    return NULL;
}

/* Where the word lies that next_word() gave last. */
static taddr last_word(const struct stack_words *words)
{
    return taddr_of(words->next.value - (words->count - words->at + 1) * sizeof(words->word[0]));
}

/* Goes behind the NULL that ends an array of pointers. */
static struct error *skip_pointers(struct stack_words *words)
{
    uint64_t pointer;
    struct error *error;
    do
        error = next_word(words, &pointer);
    while (!error && pointer);
    return error;
}

/* On the stack of a new image: argc, argv…, NULL, environment…, NULL, auxiliary vector. */
static struct error *hide_vdso(struct task *task)
{
    static const uint64_t ignore = AT_IGNORE;
    struct user_regs_struct *regs;
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct stack_words words = {.task = task, .next = taddr_of(regs->rsp + 8)};
    for (int arrays = 0; !error && arrays < 2; arrays++)
        error = skip_pointers(&words);
    uint64_t type = AT_IGNORE, value;
    while (!error && !(error = next_word(&words, &type)) && type != AT_NULL) {
        if (type == AT_SYSINFO_EHDR)
            error = tracee_write(task->tracee, last_word(&words), &ignore, sizeof(ignore));
        if (!error)
            error = next_word(&words, &value);
    }
    return error;
}

#define ARCH_SET_CPUID 0x1012 /* asm/prctl.h */

/* execve lets cpuid through again (arch_prctl(2)). */
static struct error *trap_cpuid(struct recorder *recorder, struct task *task)
{
    static const uint64_t arguments[6] = {ARCH_SET_CPUID, 0};
    int64_t result;
    if (recorder->no_cpuid_trap)
        return NULL;
    struct error *error = tracee_inject(task->tracee, __NR_arch_prctl, arguments, &result);
    task->group->cpuid_traps = !error && result == 0;
    recorder->no_cpuid_trap = !task->group->cpuid_traps;
    return error;
}

static struct error *set_up_image(struct recorder *recorder, struct task *task)
{
    static const uint64_t no_arguments[6];
    int64_t program_break = 0;
    struct error *error = map_reel_page(task);
    if (!error)
        error = map_scratch(task);
    if (!error)
        error = fast_attach(recorder, task);
    if (!error)
        error = unmap_vdso(task);
    if (!error)
        error = hide_vdso(task);
    if (!error)
        error = trap_cpuid(recorder, task);
    if (!error)
        error = tracee_inject(task->tracee, __NR_brk, no_arguments, &program_break);
    task->group->program_break = (uint64_t)program_break;
    return error;
}

/* --- The new stream -------------------------------------------------------------------------- */

static struct error *read_executable(struct task *task)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/%d/exe", task->tid);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = 0;
    free(task->process->executable);
    task->process->executable = strdup(path);
    return task->process->executable ? NULL : &err_no_memory;
}

#define MAX_ARGUMENTS 4096

/* argv, from the new image's stack; what cannot be read ends the list. */
static struct error *read_arguments(struct recorder *recorder, struct task *task, const char ***ret)
{
    struct user_regs_struct *regs;
    uint64_t pointers[MAX_ARGUMENTS + 1] = {0};
    struct error *error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    tracee_read_some(task->tracee, taddr_of(regs->rsp + 8), pointers,
                     MAX_ARGUMENTS * sizeof(pointers[0]));
    size_t count = 0;
    while (pointers[count])
        count++;
    const char **arguments = draft_bytes(&recorder->draft, (count + 1) * sizeof(*arguments));
    if (!arguments)
        return &err_no_memory;
    for (size_t i = 0; i < count; i++) {
        char *argument = draft_bytes(&recorder->draft, 4096);
        if (!argument)
            return &err_no_memory;
        if (!tracee_read_string(task->tracee, taddr_of(pointers[i]), argument, 4096))
            argument[4095] = 0;
        arguments[i] = argument;
    }
    arguments[count] = NULL;
    *ret = arguments;
    return NULL;
}

static struct error *log_start(struct recorder *recorder, struct task *task)
{
    struct user_regs_struct *regs;
    const char **arguments;
    draft_begin(&recorder->draft, EVENT_START);
    struct error *error = read_executable(task);
    if (!error)
        error = read_arguments(recorder, task, &arguments);
    if (!error)
        error = add_keyframe(recorder, task);
    if (!error)
        error = draft_xsave(&recorder->draft, task->tracee);
    if (!error)
        error = tracee_regs(task->tracee, &regs);
    if (error)
        return error;
    struct stream_origin origin = {.pid = (uint32_t)task->process->pid,
                                   .parent_pid = (uint32_t)task->process->parent,
                                   .executable = task->process->executable,
                                   .arguments = arguments};
    recorder->draft.event.origin = &origin;
    recorder->draft.event.after = trace_regs_of(regs);
    return log_event(recorder, task);
}

static struct error *enter_stream(struct recorder *recorder, struct task *task,
                                  const struct chaos *chaos)
{
    struct error *error = group_create(&task->group);
    if (error)
        return error;
    task->group->chaos = *chaos;
    task->spots_set = false; /* the kernel has forgotten them */
    task->group->stream = ++recorder->streams;
    task->group->tasks = 1;
    task->group->current = task;
    task->state = TASK_RUNNING;
    task->clear_child_tid = 0;
    task->boundary_signals = 0;
    if (task->process->segv.handler != (uint64_t)SIG_IGN)
        task->process->segv = (struct kernel_sigaction){0};
    return NULL;
}

/* The task was killed before its image could be looked at. Its stream was announced, so it begins,
 * without memory, and ends. */
static struct error *log_start_of_dead(struct recorder *recorder, struct task *task)
{
    static const char *const no_arguments[] = {NULL};
    const char *executable = task->process->executable;
    struct stream_origin origin = {.pid = (uint32_t)task->process->pid,
                                   .parent_pid = (uint32_t)task->process->parent,
                                   .executable = executable ? executable : "",
                                   .arguments = no_arguments};
    draft_begin(&recorder->draft, EVENT_START);
    recorder->draft.event.origin = &origin;
    return log_event(recorder, task);
}

static struct error *begin_stream(struct recorder *recorder, struct task *task)
{
    struct error *error = run_to_exit_of_execve(task);
    if (!error)
        error = tracee_get_sigmask(task->tracee, &task->signal_mask);
    if (!error)
        error = set_up_image(recorder, task);
    if (!error)
        error = log_start(recorder, task);
    return error == &err_tracee_gone ? log_start_of_dead(recorder, task) : error;
}

struct error *on_exec(struct recorder *recorder, struct task *task, pid_t tid)
{
    struct group *left = NULL;
    struct chaos chaos = {0};
    struct error *error = bury_leader(recorder, task, tid);
    if (task->group)
        chaos_fork(&chaos, &task->group->chaos);
    else if (recorder->options->chaos)
        chaos_init(&chaos, recorder->options->chaos_seed);
    if (!error && task->group)
        error = leave_stream(recorder, task, &left);
    if (error)
        return error;
    task->tid = tid;
    tracee_set_tid(task->tracee, tid);
    error = enter_stream(recorder, task, &chaos);
    if (!error)
        error = begin_stream(recorder, task);
    if (!error && left) /* not before: its next event may begin another stream */
        error = schedule(recorder, left);
    return error ? error : tracee_run(task->tracee, RUN_ON, 0);
}
