/*
 * What the tests of trace-format share: a directory that goes away, one event of every kind with
 * one effect of every kind, comparison of events, and errors that must or must not be.
 */
#ifndef REEL_TESTS_TRACE_FIXTURE_H
#define REEL_TESTS_TRACE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "trace-format/reader.h"
#include "trace-format/writer.h"

#define FIXTURE_CONTENTS "0123456789abcdef0123456789abcdef"

static inline void must(struct error *error)
{
    if (error)
        fail_msg("%s", error_message(error));
}

/* The error must be there and its message hold `part`. */
static inline void must_fail(struct error *error, const char *part)
{
    if (!error)
        fail_msg("no error, where one with \"%s\" was expected", part);
    if (!strstr(error_message(error), part))
        fail_msg("\"%s\" was expected in: %s", part, error_message(error));
    error_free(error);
}

static inline char *fixture_path(const char *directory, const char *name)
{
    char *path;
    assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
    return path;
}

static inline char *fixture_directory(void)
{
    const char *parent = getenv("TMPDIR");
    char *path = fixture_path(parent ? parent : "/tmp", "reel-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

/* Removes a directory and all in it, and frees the path. */
static inline void fixture_remove(char *path)
{
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *inner = fixture_path(path, entry->d_name);
        if (unlink(inner) == 0)
            free(inner);
        else
            fixture_remove(inner);
    }
    closedir(directory);
    assert_int_equal(rmdir(path), 0);
    free(path);
}

static inline uint8_t *fixture_read(const char *path, size_t *size)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    assert_true(fd >= 0 && fstat(fd, &stat) == 0);
    *size = (size_t)stat.st_size;
    uint8_t *bytes = malloc(*size + 1);
    assert_true(read(fd, bytes, *size) == stat.st_size);
    return bytes;
}

static inline void fixture_write(const char *path, const void *bytes, size_t size)
{
    CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(write(fd, bytes, size) == (ssize_t)size);
}

static inline struct trace_header fixture_header(void)
{
    static const char *const arguments[] = {"reel-test", "an argument", "", NULL};
    struct trace_header header = {
        .recorded_at = 1700000000,
        .cpu = 3,
        .features = {.word = {1, 2, 3, 4, 5, 6, 7, 0xffffffff}, .xcr0 = 0xe7, .xsave_bytes = 2696},
        .memory_checks = true,
        .chaos = true,
        .chaos_seed = 0x123456789abcdef0,
        .stack_limit = UINT64_MAX,
        .store = "/some/store",
        .directory = "/some/directory",
        .arguments = arguments,
    };
    return header;
}

static inline struct trace_regs fixture_regs(uint64_t seed)
{
    struct trace_regs regs;
    for (size_t i = 0; i < TRACE_REGS; i++)
        regs.value[i] = i % 3 == 0 ? seed * 0x9e3779b97f4a7c15ull * (i + 1) : seed + i;
    return regs;
}

static inline struct event fixture_start(const struct stream_origin *origin, uint32_t tid)
{
    struct event event = {.kind = EVENT_START, .tid = tid, .origin = origin};
    event.after = fixture_regs(tid);
    return event;
}

static inline struct stream_origin fixture_origin(void)
{
    static const char *const arguments[] = {"prog", "-x", "", "last", NULL};
    struct stream_origin origin = {
        .pid = 100, .parent_pid = 99, .executable = "/usr/bin/prog", .arguments = arguments};
    return origin;
}

/* One effect of every kind but FORK. */
static inline size_t fixture_effects(struct effect *effects)
{
    static const uint8_t bytes[] = "bytes in memory";
    const struct effect all[] = {
        {.kind = EFFECT_MEMORY,
         .address = taddr_of(0x7ffc00001000),
         .length = sizeof(bytes),
         .bytes = bytes},
        {.kind = EFFECT_MAP,
         .address = taddr_of(0x7f0000000000),
         .length = 0x3000,
         .map = {.protection = 5,
                 .flags = MAP_EFFECT_SHARED,
                 .contents = {FIXTURE_CONTENTS},
                 .offset = 0x1000,
                 .object = 5,
                 .path = "/lib/libc.so.6"}},
        {.kind = EFFECT_MAP,
         .address = taddr_of(0x10000),
         .length = 0x1000,
         .map = {.protection = 3, .flags = MAP_EFFECT_STACK, .path = ""}},
        {.kind = EFFECT_UNMAP, .address = taddr_of(0x20000), .length = 0x2000},
        {.kind = EFFECT_PROTECT,
         .address = taddr_of(0x30000),
         .length = 0x1000,
         .protect = {.protection = 1}},
        {.kind = EFFECT_REMAP,
         .address = taddr_of(0x40000),
         .length = 0x4000,
         .remap = {.old_address = taddr_of(0x50000), .old_length = 0x1000, .flags = 4}},
        {.kind = EFFECT_ADVISE,
         .address = taddr_of(0x60000),
         .length = 0x1000,
         .advise = {.advice = 4}},
        {.kind = EFFECT_XSAVE, .length = sizeof(bytes), .bytes = bytes},
        {.kind = EFFECT_TASK, .task = {.tid = 4000000000u, .pid = 7, .regs = fixture_regs(77)}},
        {.kind = EFFECT_OUTPUT,
         .address = taddr_of(0x70000),
         .length = 12,
         .output = {.descriptor = 2}},
        {.kind = EFFECT_CHECK,
         .address = taddr_of(0x80000),
         .length = 0x1000,
         .check = {.hash = 0xfedcba9876543210}},
        {.kind = EFFECT_STATE,
         .address = taddr_of(0x90000),
         .length = 0x1000,
         .check = {.hash = 0x123456789abcdef0}},
        {.kind = EFFECT_WORD,
         .address = taddr_of(0x90008),
         .length = 8,
         .word = {.value = UINT64_MAX}},
        {.kind = EFFECT_RESIZE, .resize = {.object = 5, .size = 1ull << 40}},
        {.kind = EFFECT_STACK_LIMIT, .stack_limit = {.bytes = UINT64_MAX}},
        {.kind = EFFECT_PATCH,
         .address = taddr_of(0x90001),
         .length = 3,
         .patch = {.original = 0xff}},
        {.kind = EFFECT_TRAP_CPUID},
        {.kind = EFFECT_STUBS, .address = taddr_of(0xa0000), .length = 0x1000},
        {.kind = EFFECT_SITE,
         .address = taddr_of(0x401000),
         .length = 5,
         .site = {.stub = taddr_of(0xa0040)}},
        {.kind = EFFECT_MEMORY, .address = taddr_of(UINT64_MAX), .length = 0, .bytes = bytes},
    };
    memcpy(effects, all, sizeof(all));
    return ARRAY_LENGTH(all);
}

#define FIXTURE_EFFECTS 20

static inline void same_effect(const struct effect *a, const struct effect *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_true(a->address.value == b->address.value);
    assert_true(a->length == b->length);
    switch (a->kind) {
    case EFFECT_MEMORY:
    case EFFECT_XSAVE:
        assert_true(memcmp(a->bytes, b->bytes, a->length) == 0);
        break;
    case EFFECT_MAP:
        assert_int_equal(a->map.protection, b->map.protection);
        assert_int_equal(a->map.flags, b->map.flags);
        assert_string_equal(a->map.contents.hex, b->map.contents.hex);
        assert_true(a->map.offset == b->map.offset);
        assert_true(a->map.object == b->map.object);
        assert_string_equal(a->map.path, b->map.path);
        break;
    case EFFECT_UNMAP:
    case EFFECT_TRAP_CPUID:
    case EFFECT_STUBS:
        break;
    case EFFECT_SITE:
        assert_true(a->site.stub.value == b->site.stub.value);
        break;
    case EFFECT_PATCH:
        assert_int_equal(a->patch.original, b->patch.original);
        break;
    case EFFECT_RESIZE:
        assert_true(a->resize.object == b->resize.object && a->resize.size == b->resize.size);
        break;
    case EFFECT_STACK_LIMIT:
        assert_true(a->stack_limit.bytes == b->stack_limit.bytes);
        break;
    case EFFECT_PROTECT:
        assert_int_equal(a->protect.protection, b->protect.protection);
        break;
    case EFFECT_REMAP:
        assert_true(a->remap.old_address.value == b->remap.old_address.value);
        assert_true(a->remap.old_length == b->remap.old_length);
        assert_int_equal(a->remap.flags, b->remap.flags);
        break;
    case EFFECT_ADVISE:
        assert_int_equal(a->advise.advice, b->advise.advice);
        break;
    case EFFECT_TASK:
        assert_int_equal(a->task.tid, b->task.tid);
        assert_int_equal(a->task.pid, b->task.pid);
        assert_memory_equal(&a->task.regs, &b->task.regs, sizeof(a->task.regs));
        break;
    case EFFECT_FORK:
        assert_int_equal(a->fork.stream, b->fork.stream);
        break;
    case EFFECT_OUTPUT:
        assert_int_equal(a->output.descriptor, b->output.descriptor);
        break;
    case EFFECT_WORD:
        assert_true(a->word.value == b->word.value);
        break;
    case EFFECT_CHECK:
    case EFFECT_STATE:
        assert_true(a->check.hash == b->check.hash);
        break;
    }
}

static inline void same_origin(const struct stream_origin *a, const struct stream_origin *b)
{
    assert_int_equal(a->pid, b->pid);
    assert_int_equal(a->parent_pid, b->parent_pid);
    assert_int_equal(a->forked, b->forked);
    assert_int_equal(a->parent_stream, b->parent_stream);
    assert_true(a->parent_event == b->parent_event);
    assert_string_equal(a->executable, b->executable);
    size_t i = 0;
    for (; a->arguments[i] && b->arguments[i]; i++)
        assert_string_equal(a->arguments[i], b->arguments[i]);
    assert_true(!a->arguments[i] && !b->arguments[i]);
}

static inline void same_event(const struct event *a, const struct event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->reach, b->reach);
    assert_true(a->number == b->number);
    assert_true(a->tick == b->tick);
    assert_int_equal(a->tid, b->tid);
    if (event_has_before(a->kind))
        assert_memory_equal(&a->before, &b->before, sizeof(a->before));
    if (event_has_after(a->kind))
        assert_memory_equal(&a->after, &b->after, sizeof(a->after));
    assert_int_equal(a->signal, b->signal);
    assert_int_equal(a->instruction, b->instruction);
    assert_int_equal(!a->siginfo, !b->siginfo);
    if (a->siginfo)
        assert_memory_equal(a->siginfo, b->siginfo, SIGINFO_BYTES);
    assert_int_equal(a->fatal, b->fatal);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->exit_flags, b->exit_flags);
    assert_int_equal(a->next_stream, b->next_stream);
    assert_int_equal(!a->origin, !b->origin);
    if (a->origin)
        same_origin(a->origin, b->origin);
    assert_int_equal(a->effect_count, b->effect_count);
    for (size_t i = 0; i < a->effect_count; i++)
        same_effect(&a->effects[i], &b->effects[i]);
}

/* A START, and a CALL with `effects`, in stream 1 of a new trace. */
static inline void fixture_small_trace(const char *directory, bool end)
{
    static struct effect effects[FIXTURE_EFFECTS + 1];
    struct stream_origin origin = fixture_origin(), child_origin = fixture_origin();
    struct trace_header header = fixture_header();
    struct trace_writer *writer;
    static const char *const none[] = {NULL};
    must(trace_writer_create(directory, &header, &writer));
    struct event start = fixture_start(&origin, 100);
    trace_writer_event(writer, 1, &start);
    struct event call = {.kind = EVENT_CALL, .reach = REACH_CALL, .tid = 100, .effects = effects};
    call.effect_count = fixture_effects(effects);
    effects[call.effect_count++] = (struct effect){.kind = EFFECT_FORK, .fork = {.stream = 2}};
    call.before = fixture_regs(5);
    call.after = fixture_regs(6);
    trace_writer_event(writer, 1, &call);
    child_origin.forked = true;
    child_origin.parent_stream = 1;
    child_origin.parent_event = call.number;
    child_origin.arguments = none;
    struct event child = fixture_start(&child_origin, 101);
    trace_writer_event(writer, 2, &child);
    struct event leave = {.kind = EVENT_EXIT, .tid = 101, .exit_flags = EXIT_LAST_OF_PROCESS};
    trace_writer_event(writer, 2, &leave);
    struct trace_end ending = {.status = 256, .nanoseconds = 5};
    must(trace_writer_finish(writer, end ? &ending : NULL));
}

#endif
