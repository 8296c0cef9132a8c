/*
 * One mutex guards everything but the file, which is the thread's alone (trace_writer_create() and
 * _finish() touch it only while there is no thread).
 *
 *   trace_writer_event            the thread
 *     encode into the stream's      take the oldest full buffer, else the oldest open one
 *     open buffer                   if it is 100 ms old
 *     full: push it, open another   unlock, pack and write it, lock
 *     queue full: wait on `room`    recycle it, signal `room`
 *
 * While an event waits for room in its middle, `busy` keeps other events out (they wait on `turn`),
 * so that ticks, frames and streams come in one order, and keeps the thread from taking open
 * buffers, so that only full buffers end in the middle of an event.
 *
 * A START is handed over at once, behind its parent's events. So whatever part of the file
 * survives, its streams are numbered densely, and a stream's parent is there as far as it matters.
 */
#include "trace-format/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace-format/call_record.h"
#include "trace-format/event_encode.h"
#include "trace-format/frame_file.h"
#include "trace-format/frame_queue.h"
#include "trace-format/header_code.h"

/* A frame is handed over after the event that fills it to this size. */
#define FRAME_RAW_FULL (192u << 10)
#define FRAME_AGE_NS 100000000ull

struct stream_state {
    struct frame_buffer *open; /* NULL when there is nothing to write */
    uint64_t next_number;
    bool in_event; /* the last frame ended in the middle of an event */
};

struct trace_writer {
    pthread_mutex_t lock;
    pthread_cond_t work; /* for the thread: something to do, or to wait for */
    pthread_cond_t room; /* a full buffer was written */
    pthread_cond_t turn; /* no event is in its middle any more */
    pthread_t thread;
    bool thread_waits;

    struct frame_queue queue;
    struct stream_state *streams; /* stream 1 first */
    size_t stream_count, stream_capacity;
    uint64_t tick;
    bool busy;
    unsigned turn_waiters;
    uint64_t written; /* frames */
    bool closing;

    atomic_bool failed;
    struct error *error;
    struct frame_file file;
};

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* Remembers the first error; wakes whoever waits for what will not come. */
static void fail(struct trace_writer *writer, struct error *error)
{
    if (writer->error)
        error_free(error);
    else
        writer->error = error;
    atomic_store(&writer->failed, true);
    pthread_cond_broadcast(&writer->room);
}

static void wake_thread(struct trace_writer *writer)
{
    if (writer->thread_waits)
        pthread_cond_signal(&writer->work);
}

/* The thread */

/* The next buffer to write; NULL if there is none now. */
static struct frame_buffer *take_buffer(struct trace_writer *writer)
{
    struct frame_buffer *buffer = frame_queue_pop(&writer->queue);
    if (buffer)
        return buffer;
    buffer = writer->queue.oldest;
    if (!buffer || writer->busy)
        return NULL;
    if (!writer->closing && now_ns(CLOCK_MONOTONIC) - buffer->opened_at < FRAME_AGE_NS)
        return NULL;
    frame_queue_close(&writer->queue, buffer);
    writer->streams[buffer->frame.stream - 1].open = NULL;
    return buffer;
}

static void wait_for_work(struct trace_writer *writer)
{
    const struct frame_buffer *oldest = writer->queue.oldest;
    writer->thread_waits = true;
    if (oldest) {
        uint64_t until = oldest->opened_at + FRAME_AGE_NS;
        if (writer->busy) /* it may be overdue, but cannot be taken yet */
            until = now_ns(CLOCK_MONOTONIC) + FRAME_AGE_NS;
        struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000ull),
                                    .tv_nsec = (long)(until % 1000000000ull)};
        pthread_cond_timedwait(&writer->work, &writer->lock, &deadline);
    } else {
        pthread_cond_wait(&writer->work, &writer->lock);
    }
    writer->thread_waits = false;
}

/* Called and returns with the lock held; holds it not while it writes. */
static void write_buffer(struct trace_writer *writer, struct frame_buffer *buffer)
{
    if (!atomic_load(&writer->failed)) {
        buffer->frame.raw_length = (uint32_t)buffer->records.size;
        buffer->frame.events = buffer->records.events;
        pthread_mutex_unlock(&writer->lock);
        struct error *error = frame_file_append(&writer->file, &buffer->frame, buffer->records.raw);
        pthread_mutex_lock(&writer->lock);
        if (error)
            fail(writer, error);
        else
            writer->written++;
    }
    frame_queue_recycle(&writer->queue, buffer);
    pthread_cond_broadcast(&writer->room);
}

static void *run_thread(void *argument)
{
    struct trace_writer *writer = argument;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        struct frame_buffer *buffer = take_buffer(writer);
        if (buffer)
            write_buffer(writer, buffer);
        else if (writer->closing)
            break;
        else
            wait_for_work(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* The thread must take no signal meant for the recorder, nor SIGXFSZ at all: it inherits a full
 * mask. */
static struct error *start_thread(struct trace_writer *writer)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int result = pthread_create(&writer->thread, NULL, run_thread, writer);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (result)
        return error_new("raise the limit of processes (ulimit -u)",
                         "cannot start the thread that writes %s: %s", writer->file.path,
                         strerror(result));
    pthread_setname_np(writer->thread, "reel-writer");
    return NULL;
}

/* Handing over */

/* Waits for room in the queue and puts `buffer` there. False when all is lost. */
static bool push(struct trace_writer *writer, struct frame_buffer *buffer)
{
    writer->busy = true;
    while (writer->queue.full_count == FRAME_QUEUE_MAX && !atomic_load(&writer->failed))
        pthread_cond_wait(&writer->room, &writer->lock);
    writer->busy = false;
    if (writer->turn_waiters)
        pthread_cond_broadcast(&writer->turn);
    if (atomic_load(&writer->failed)) {
        frame_queue_recycle(&writer->queue, buffer);
        return false;
    }
    frame_queue_push(&writer->queue, buffer);
    wake_thread(writer);
    return true;
}

static bool hand_over(struct trace_writer *writer, struct stream_state *stream)
{
    struct frame_buffer *buffer = stream->open;
    if (!buffer)
        return true;
    stream->open = NULL;
    frame_queue_close(&writer->queue, buffer);
    return push(writer, buffer);
}

/* Makes sure that the stream has an open buffer. */
static bool open_buffer(struct trace_writer *writer, uint32_t number)
{
    struct stream_state *stream = &writer->streams[number - 1];
    if (stream->open)
        return true;
    struct frame_buffer *buffer = frame_queue_get(&writer->queue);
    if (!buffer) {
        fail(writer, &err_no_memory);
        return false;
    }
    bool first = !writer->queue.oldest;
    buffer->opened_at = now_ns(CLOCK_MONOTONIC_COARSE);
    buffer->frame.kind = FRAME_EVENTS;
    buffer->frame.stream = number;
    buffer->frame.first_event = stream->next_number;
    buffer->frame.flags = stream->in_event ? FRAME_CONTINUES : 0;
    frame_queue_open(&writer->queue, buffer);
    stream->open = buffer;
    if (first)
        wake_thread(writer); /* which now has a time to wait for */
    return true;
}

/* Encoding */

struct event_output {
    struct record_output output; /* first: the encoder knows only this */
    struct trace_writer *writer;
    uint32_t number; /* the stream's */
};

static bool next_frame(struct record_output *output)
{
    struct event_output *event = (struct event_output *)output;
    struct trace_writer *writer = event->writer;
    struct stream_state *stream = &writer->streams[event->number - 1];
    stream->in_event = event->output.begun;
    if (!hand_over(writer, stream) || !open_buffer(writer, event->number))
        return false;
    output->frame = &stream->open->records;
    return true;
}

static bool encode(struct trace_writer *writer, uint32_t number, const struct event *event)
{
    if (!open_buffer(writer, number))
        return false;
    struct stream_state *stream = &writer->streams[number - 1];
    struct event_output output = {.writer = writer, .number = number};
    output.output.frame = &stream->open->records;
    output.output.next = next_frame;
    bool done = event_encode(&output.output, event);
    stream->in_event = false;
    if (!done)
        fail(writer, &err_no_memory); /* or the thread has failed, which came first */
    return done;
}

/* A START goes out at once, and before it what it refers to. */
static void publish_start(struct trace_writer *writer, uint32_t number, const struct event *event)
{
    uint32_t parent = event->origin->forked ? event->origin->parent_stream : 0;
    if (parent && parent < number && !hand_over(writer, &writer->streams[parent - 1]))
        return;
    hand_over(writer, &writer->streams[number - 1]);
}

static bool add_stream(struct trace_writer *writer)
{
    if (writer->stream_count == writer->stream_capacity) {
        size_t capacity = writer->stream_capacity ? 2 * writer->stream_capacity : 16;
        struct stream_state *streams =
            realloc(writer->streams, capacity * sizeof(*writer->streams));
        if (!streams)
            return false;
        writer->streams = streams;
        writer->stream_capacity = capacity;
    }
    writer->streams[writer->stream_count++] = (struct stream_state){0};
    return true;
}

/* Finds the event's stream, a new one for a START. False (and failed) if the caller broke the
 * protocol. */
static bool find_stream(struct trace_writer *writer, uint32_t number, const struct event *event)
{
    bool is_new = number == writer->stream_count + 1;
    if (number == 0 || number > writer->stream_count + 1 ||
        is_new != (event->kind == EVENT_START)) {
        fail(writer, error_new("report this as a bug of reel",
                               "a %s event for stream %u, after %zu streams began",
                               event_kind_name(event->kind), number, writer->stream_count));
        return false;
    }
    if (is_new && !add_stream(writer)) {
        fail(writer, &err_no_memory);
        return false;
    }
    return true;
}

static bool check_event(struct trace_writer *writer, const struct event *event)
{
    const char *problem = event_problem(event);
    if (problem)
        fail(writer, error_new("report this as a bug of reel", "the recorder made %s (a %s event)",
                               problem, event_kind_name(event->kind)));
    return !problem;
}

/* Events keep being numbered when they are dropped. */
static void append(struct trace_writer *writer, uint32_t number, struct event *event)
{
    struct stream_state *stream = &writer->streams[number - 1];
    event->number = stream->next_number;
    bool done = !atomic_load(&writer->failed) && check_event(writer, event) &&
                encode(writer, number, event);
    stream->next_number++;
    if (!done)
        return;
    if (event->kind == EVENT_START)
        publish_start(writer, number, event);
    else if (stream->open->records.size >= FRAME_RAW_FULL)
        hand_over(writer, stream);
}

/* Waits while another event is in its middle. */
static void lock_for_event(struct trace_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->busy) {
        writer->turn_waiters++;
        pthread_cond_wait(&writer->turn, &writer->lock);
        writer->turn_waiters--;
    }
}

void trace_writer_event(struct trace_writer *writer, uint32_t stream, struct event *event)
{
    lock_for_event(writer);
    event->tick = ++writer->tick;
    if (find_stream(writer, stream, event))
        append(writer, stream, event);
    pthread_mutex_unlock(&writer->lock);
}

/* As many of `entries` as `room` bytes hold. */
static struct call_record calls_that_fit(const uint8_t *entries, size_t size, size_t room)
{
    struct call_record ret = {.entries = entries};
    while (ret.size < size) {
        uint32_t bytes = call_entry_at(entries + ret.size).bytes;
        if (bytes > room - ret.size)
            break;
        ret.size += bytes;
        ret.count++;
    }
    return ret;
}

/* One CALLS record, of what the stream's frame has room for, which may be nothing: returns how many
 * bytes of the entries that was. */
static size_t put_calls(struct trace_writer *writer, struct stream_state *stream, uint32_t tid,
                        const uint8_t *entries, size_t size)
{
    struct record_frame *frame = &stream->open->records;
    size_t left = FRAME_RAW_MAX - frame->size;
    if (left < CALL_RECORD_FIXED_MAX)
        return 0;
    struct call_record record = calls_that_fit(entries, size, left - CALL_RECORD_FIXED_MAX);
    if (record.count == 0)
        return 0;
    record.tid = tid;
    record.step = writer->tick + 1 - frame->tick;
    uint8_t *end = call_record_put(frame->raw + frame->size, &record);
    frame->size = (size_t)(end - frame->raw);
    frame->events += (uint32_t)record.count;
    writer->tick += record.count;
    frame->tick = writer->tick;
    stream->next_number += record.count;
    return record.size;
}

static void append_calls(struct trace_writer *writer, uint32_t number, uint32_t tid,
                         const uint8_t *entries, size_t size)
{
    while (size && open_buffer(writer, number)) {
        struct stream_state *stream = &writer->streams[number - 1];
        size_t done = put_calls(writer, stream, tid, entries, size);
        entries += done;
        size -= done;
        if ((size || stream->open->records.size >= FRAME_RAW_FULL) && !hand_over(writer, stream))
            return;
    }
}

void trace_writer_calls(struct trace_writer *writer, uint32_t stream, uint32_t tid,
                        const uint8_t *entries, size_t size)
{
    lock_for_event(writer);
    if (stream == 0 || stream > writer->stream_count)
        fail(writer, error_new("report this as a bug of reel",
                               "calls for stream %u, after %zu streams began", stream,
                               writer->stream_count));
    else if (!atomic_load(&writer->failed))
        append_calls(writer, stream, tid, entries, size);
    pthread_mutex_unlock(&writer->lock);
}

bool trace_writer_failed(const struct trace_writer *writer)
{
    return atomic_load_explicit(&writer->failed, memory_order_relaxed);
}

/* Beginning and end */

static struct trace_writer *writer_new(void)
{
    struct trace_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->work, &monotonic);
    pthread_cond_init(&writer->room, NULL);
    pthread_cond_init(&writer->turn, NULL);
    pthread_condattr_destroy(&monotonic);
    return writer;
}

static void writer_free(struct trace_writer *writer)
{
    frame_queue_deinit(&writer->queue);
    free(writer->streams);
    pthread_cond_destroy(&writer->turn);
    pthread_cond_destroy(&writer->room);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

/* Hands over a frame with `payload`. */
static void push_special(struct trace_writer *writer, enum frame_kind kind,
                         const struct buffer *payload)
{
    struct frame_buffer *buffer = frame_queue_get(&writer->queue);
    if (!buffer || payload->failed || payload->size > FRAME_RAW_MAX) {
        if (buffer)
            frame_queue_recycle(&writer->queue, buffer);
        fail(writer, &err_no_memory);
        return;
    }
    buffer->frame.kind = kind;
    memcpy(buffer->records.raw, payload->data, payload->size);
    buffer->records.size = payload->size;
    push(writer, buffer);
}

/* Returns when the header is in the file: a recording that cannot begin is refused at once. */
static void write_header(struct trace_writer *writer, const struct trace_header *header)
{
    struct buffer payload = {0};
    trace_header_encode(header, &payload);
    pthread_mutex_lock(&writer->lock);
    push_special(writer, FRAME_HEADER, &payload);
    while (writer->written == 0 && !atomic_load(&writer->failed))
        pthread_cond_wait(&writer->room, &writer->lock);
    pthread_mutex_unlock(&writer->lock);
    buffer_deinit(&payload);
}

static void write_end(struct trace_writer *writer, const struct trace_end *end)
{
    struct buffer payload = {0};
    struct trace_end counted = *end;
    counted.events = writer->tick;
    trace_end_encode(&counted, &payload);
    push_special(writer, FRAME_END, &payload);
    buffer_deinit(&payload);
}

struct error *trace_writer_finish(struct trace_writer *writer, const struct trace_end *end)
{
    pthread_mutex_lock(&writer->lock);
    for (size_t i = 0; i < writer->stream_count; i++)
        hand_over(writer, &writer->streams[i]);
    if (end)
        write_end(writer, end);
    writer->closing = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    struct error *closed = frame_file_close(&writer->file);
    struct error *error = writer->error;
    writer_free(writer);
    if (!error)
        return closed;
    error_free(closed);
    return error;
}

/* A trace that could not be begun leaves nothing behind. */
static void remove_trace(const char *directory, const char *file)
{
    unlink(file);
    rmdir(directory);
}

struct error *trace_writer_create(const char *directory, const struct trace_header *header,
                                  struct trace_writer **ret)
{
    struct trace_writer *writer = writer_new();
    if (!writer)
        return &err_no_memory;
    struct error *error = frame_file_create(directory, &writer->file);
    if (error) {
        writer_free(writer);
        return error;
    }
    error = start_thread(writer);
    if (error) {
        remove_trace(directory, writer->file.path);
        error_free(frame_file_close(&writer->file));
        writer_free(writer);
        return error;
    }
    write_header(writer, header);
    if (trace_writer_failed(writer)) {
        remove_trace(directory, writer->file.path);
        return trace_writer_finish(writer, NULL);
    }
    *ret = writer;
    return NULL;
}
