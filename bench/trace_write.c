/*
 * What an event costs the recorder: trace_writer_event() on its own.
 *
 *     trace_write DIRECTORY [EVENTS]
 *
 * A typical CALL: a handful of changed registers, two small MEMORY effects, one task. Prints ns an
 * event, and bytes an event in the file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace-format/reader.h"
#include "trace-format/writer.h"

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static int report(struct error *error)
{
    error_report(error);
    error_free(error);
    return 1;
}

/* As a program does between two calls: some registers move, the answer is in rax. */
static void next_call(struct event *event, uint64_t i)
{
    event->before = event->after;
    event->before.value[TRACE_RIP] = 0x7ffff7e00000 + i % 97 * 0x1234;
    event->before.value[TRACE_RCX] = event->before.value[TRACE_RIP];
    event->before.value[TRACE_RDI] = i % 7;
    event->before.value[TRACE_RSI] = 0x555555560000 + i % 1000 * 64;
    event->before.value[TRACE_RDX] = i % 512;
    event->before.value[TRACE_RSP] = 0x7fffffffe000 - i % 31 * 16;
    event->before.value[TRACE_RBX] = i * 0x9e3779b97f4a7c15;
    event->before.value[TRACE_ORIG_RAX] = i % 20;
    event->before.value[TRACE_RAX] = (uint64_t)-38;
    event->after = event->before;
    event->after.value[TRACE_RAX] = i % 512;
}

int main(int argc, char **argv)
{
    static const char *const arguments[] = {"bench", NULL};
    static uint8_t bytes[144];
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000;
    struct trace_header header = {.store = "/", .directory = "/", .arguments = arguments};
    struct stream_origin origin = {.executable = "/bench", .arguments = arguments};
    struct trace_writer *writer;
    struct error *error = argc > 1 ? trace_writer_create(argv[1], &header, &writer)
                                   : error_new("name a new one", "no directory");
    if (error)
        return report(error);
    struct event event = {.kind = EVENT_START, .tid = 1, .origin = &origin};
    trace_writer_event(writer, 1, &event);
    struct effect effects[] = {
        {.kind = EFFECT_MEMORY, .address = taddr_of(0x7ffc1000), .length = 144, .bytes = bytes},
        {.kind = EFFECT_MEMORY, .address = taddr_of(0x7ffc2000), .length = 16, .bytes = bytes},
    };
    event = (struct event){.kind = EVENT_CALL, .tid = 1, .effects = effects, .effect_count = 2};
    uint64_t inside = 0, start = now_ns();
    for (uint64_t i = 0; i < count; i++) {
        next_call(&event, i);
        memcpy(bytes, &i, sizeof(i));
        trace_writer_event(writer, 1, &event);
    }
    inside = now_ns() - start;
    error = trace_writer_finish(writer, NULL);
    uint64_t whole = now_ns() - start;
    struct trace_reader *reader;
    struct trace_check check;
    if (!error)
        error = trace_reader_open(argv[1], &reader);
    if (error)
        return report(error);
    start = now_ns();
    error = trace_reader_verify(reader, &check);
    if (error)
        return report(error);
    uint64_t reading = now_ns() - start;
    printf("write %" PRIu64 " ns an event, %" PRIu64 " with the thread's rest; read %" PRIu64
           " ns; %.1f bytes raw, %.1f in the file\n",
           inside / count, whole / count, reading / count, (double)check.raw_bytes / (double)count,
           (double)check.file_bytes / (double)count);
    trace_reader_close(reader);
    return 0;
}
