/*
 * A small trace for tests of commands: sh (process 100) forks 101, which runs ls and dies of
 * SIGSEGV, and 102, which ends without exec.
 *
 *     tick  0      1        2          3          4      5          6           7      8
 *           1.0    1.1      2.0        2.1        3.0    3.1        3.2         4.0    4.1 …
 *           start  clone    start 101  execve     start  SIGSEGV    exit of ls  102    its exit
 */
#ifndef REEL_TESTS_MADE_UP_TRACE_H
#define REEL_TESTS_MADE_UP_TRACE_H

#include <sys/syscall.h>

#include "engine/base/cleanup.h"
#include "trace-format/writer.h"

#define MADE_UP_CONTENTS "0123456789abcdef0123456789abcdef"

static const char *const made_up_sh[] = {"sh", "-c", "ls\033[2J; exit 3", NULL};
static const char *const made_up_ls[] = {"ls", "-l", NULL};
static const char *const made_up_none[] = {NULL};

static void made_up_start(struct trace_writer *writer, uint32_t stream, uint32_t pid,
                          const char *const *words)
{
    struct stream_origin origin = {
        .pid = pid,
        .parent_pid = pid == 100 ? 1 : 100,
        .forked = !words,
        .parent_stream = words ? 0 : 1,
        .parent_event = words         ? 0
                        : stream == 2 ? 1
                                      : 2,
        .executable = words ? "/bin/prog" : "/bin/sh",
        .arguments = words ? words : made_up_none,
    };
    struct effect map = {
        .kind = EFFECT_MAP,
        .address = taddr_of(0x400000),
        .length = PAGE_BYTES,
        .map = {.protection = 5, .contents = {MADE_UP_CONTENTS}, .path = "/bin/prog"},
    };
    struct event event = {.kind = EVENT_START,
                          .tid = pid,
                          .origin = &origin,
                          .effects = &map,
                          .effect_count = words ? 1 : 0};
    trace_writer_event(writer, stream, &event);
}

static void made_up_exit(struct trace_writer *writer, uint32_t stream, uint32_t pid,
                         uint32_t status)
{
    struct event event = {
        .kind = EVENT_EXIT, .tid = pid, .status = status, .exit_flags = EXIT_LAST_OF_PROCESS};
    trace_writer_event(writer, stream, &event);
}

static void made_up_fork(struct trace_writer *writer, uint32_t child_stream, uint32_t child)
{
    static const uint8_t bytes[] = "written\033";
    struct effect effects[] = {
        {.kind = EFFECT_MEMORY, .address = taddr_of(0x7000), .length = 8, .bytes = bytes},
        {.kind = EFFECT_FORK, .fork = {.stream = child_stream}},
    };
    struct event event = {
        .kind = EVENT_CALL, .reach = REACH_CALL, .tid = 100, .effects = effects, .effect_count = 2};
    event.before.value[TRACE_ORIG_RAX] = SYS_clone;
    event.before.value[TRACE_RDI] = 17;
    event.after.value[TRACE_RAX] = child;
    trace_writer_event(writer, 1, &event);
}

static void made_up_exec(struct trace_writer *writer)
{
    struct event event = {.kind = EVENT_EXEC, .reach = REACH_CALL, .tid = 101, .next_stream = 3};
    event.before.value[TRACE_ORIG_RAX] = SYS_execve;
    trace_writer_event(writer, 2, &event);
}

static void made_up_crash(struct trace_writer *writer)
{
    struct event event = {
        .kind = EVENT_SIGNAL, .reach = REACH_TRAP, .tid = 101, .signal = 11, .fatal = true};
    event.before.value[TRACE_RIP] = event.after.value[TRACE_RIP] = 0x401234;
    trace_writer_event(writer, 3, &event);
}

/* With `ended`, the recording ended in order; else it is cut behind its last event. */
static struct error *made_up_trace(const char *directory, bool ended)
{
    struct trace_header header = {.recorded_at = 1700000000,
                                  .store = "/nowhere/store",
                                  .directory = "/tmp",
                                  .arguments = made_up_sh};
    struct trace_end end = {.status = 3 << 8, .nanoseconds = 1500000};
    struct trace_writer *writer;
    header.features.word[2] = 1u << 5;
    struct error *error = trace_writer_create(directory, &header, &writer);
    if (error)
        return error;
    made_up_start(writer, 1, 100, made_up_sh);
    made_up_fork(writer, 2, 101);
    made_up_start(writer, 2, 101, NULL);
    made_up_exec(writer);
    made_up_start(writer, 3, 101, made_up_ls);
    made_up_crash(writer);
    made_up_exit(writer, 3, 101, 11 | 0x80);
    made_up_fork(writer, 4, 102);
    made_up_start(writer, 4, 102, NULL);
    made_up_exit(writer, 4, 102, 0);
    made_up_exit(writer, 1, 100, 3 << 8);
    return trace_writer_finish(writer, ended ? &end : NULL);
}

#endif
