#include "trace-format/event_decode.h"

#include <string.h>

#include "trace-format/effect_decode.h"
#include "trace-format/record_kinds.h"

/* Memory that an event of unusual size took is given back. */
#define ARENA_KEEP (16u << 20)

static const char remedy_damaged[] =
    "the file was damaged or not written by reel: restore it from a copy, or record again";
static const char remedy_newer[] = "read this trace with the version of reel that wrote it";

void event_decoder_init(struct event_decoder *decoder)
{
    *decoder = (struct event_decoder){0};
}

void event_decoder_deinit(struct event_decoder *decoder)
{
    reg_table_deinit(&decoder->regs);
    buffer_deinit(&decoder->arena);
    buffer_deinit(&decoder->effects);
    buffer_deinit(&decoder->places);
    buffer_deinit(&decoder->arguments);
    buffer_deinit(&decoder->pointers);
}

static void forget_event(struct event_decoder *decoder)
{
    if (decoder->arena.capacity > ARENA_KEEP)
        buffer_deinit(&decoder->arena);
    buffer_clear(&decoder->arena);
    buffer_clear(&decoder->effects);
    buffer_clear(&decoder->places);
    buffer_clear(&decoder->arguments);
    buffer_clear(&decoder->pointers);
    decoder->returned = decoder->pending = decoder->partial = decoder->has_origin = false;
    decoder->last_record = -1;
    decoder->bytes = 0;
    decoder->event = (struct event){0};
}

void event_decoder_start(struct event_decoder *decoder, uint64_t number)
{
    forget_event(decoder);
    decoder->number = number;
    decoder->last_tick = 0;
    decoder->fresh = true;
    decoder->events_due = 0;
    decoder->calls.count = 0;
    decoder->records = (struct cursor){0};
}

bool event_decoder_pending(const struct event_decoder *decoder)
{
    return decoder->pending && !decoder->returned;
}

static void finish_returned(struct event_decoder *decoder)
{
    if (decoder->returned)
        forget_event(decoder);
}

struct error *event_decoder_frame(struct event_decoder *decoder, const struct frame *frame,
                                  const uint8_t *raw)
{
    finish_returned(decoder);
    bool continues = frame->flags & FRAME_CONTINUES;
    if (decoder->fresh && continues)
        decoder->pending = decoder->partial = true;
    if (frame->first_event != decoder->number || continues != decoder->pending)
        return error_new(remedy_damaged, "the frame does not go on where the one before it ends");
    decoder->fresh = false;
    decoder->records = cursor_of(raw, frame->raw_length);
    decoder->raw = raw;
    decoder->tick = 0;
    decoder->events_due = frame->events;
    reg_table_clear(&decoder->regs);
    return NULL;
}

static struct error *bad_record(const struct event_decoder *decoder, const uint8_t *at,
                                const char *what)
{
    return error_new(remedy_damaged, "record at byte %zu of the unpacked frame: %s",
                     (size_t)(at - decoder->raw), what);
}

/* Effects */

static struct error *decode_effect(struct event_decoder *decoder, const uint8_t *start)
{
    struct effect effect = {.kind = *start};
    size_t place = 0;
    if (!take_effect(decoder, &effect, &place))
        return error_new(remedy_newer, "record at byte %zu of the unpacked frame: unknown kind %u",
                         (size_t)(start - decoder->raw), *start);
    if (decoder->effects.size / sizeof(effect) >= EVENT_EFFECTS_MAX)
        return bad_record(decoder, start, "an event with more than a million effects");
    buffer_put(&decoder->effects, &effect, sizeof(effect));
    buffer_put(&decoder->places, &place, sizeof(place));
    return NULL;
}

/* More bytes of the last effect: they lie behind its others, since nothing was put there since. */
static struct error *decode_more(struct event_decoder *decoder, const uint8_t *start)
{
    int last = decoder->last_record;
    bool joins = last == RECORD_MORE || last == EFFECT_MEMORY || last == EFFECT_XSAVE;
    bool skips = decoder->partial && last == -1;
    if (!joins && !skips)
        return bad_record(decoder, start, "a piece of contents that belongs to none");
    uint64_t length = take_bytes(&decoder->records, RECORD_CHUNK_MAX, &decoder->arena);
    decoder->bytes += length;
    if (decoder->bytes > EVENT_BYTES_MAX)
        return bad_record(decoder, start, "an event with more than 2112 MiB of contents");
    if (decoder->effects.size == 0 || decoder->effects.failed)
        return NULL;
    struct effect *effect = (struct effect *)(decoder->effects.data + decoder->effects.size) - 1;
    effect->length += length;
    if (effect->length > UINT64_MAX - effect->address.value)
        decoder->records.failed = true;
    return NULL;
}

/* START */

static struct error *decode_origin(struct event_decoder *decoder, const uint8_t *start)
{
    struct cursor *records = &decoder->records;
    struct stream_origin *origin = &decoder->origin;
    if (decoder->number != 0 || decoder->last_record != -1 || decoder->partial)
        return bad_record(decoder, start, "an origin that is not a stream's first record");
    *origin = (struct stream_origin){0};
    decoder->origin_tid = take_u32(records);
    decoder->origin_tick = cursor_varint(records);
    origin->pid = take_u32(records);
    origin->parent_pid = take_u32(records);
    origin->forked = take_flags(records, 1);
    if (origin->forked) {
        origin->parent_stream = take_u32(records);
        origin->parent_event = cursor_varint(records);
    }
    decoder->executable = take_text(decoder);
    decoder->has_origin = true;
    return NULL;
}

static struct error *decode_arguments(struct event_decoder *decoder, const uint8_t *start)
{
    bool follows = decoder->last_record == RECORD_ORIGIN ||
                   decoder->last_record == RECORD_ARGUMENTS ||
                   (decoder->partial && decoder->last_record == -1 && decoder->number == 0);
    if (!follows)
        return bad_record(decoder, start, "arguments that follow no origin");
    take_bytes(&decoder->records, RECORD_CHUNK_MAX, &decoder->arguments);
    if (decoder->arguments.size > EVENT_ARGUMENTS_MAX)
        return bad_record(decoder, start, "more than 16 MiB of arguments");
    return NULL;
}

/* Points decoder->origin at the strings gathered so far. */
static struct error *join_origin(struct event_decoder *decoder)
{
    const struct buffer *strings = &decoder->arguments;
    if (strings->size && strings->data[strings->size - 1] != 0)
        return bad_record(decoder, decoder->records.at, "the last argument has no end");
    buffer_clear(&decoder->pointers);
    for (size_t at = 0; at < strings->size; at += strlen((char *)strings->data + at) + 1) {
        const char *argument = (const char *)strings->data + at;
        buffer_put(&decoder->pointers, &argument, sizeof(argument));
    }
    buffer_put(&decoder->pointers, &(const char *){NULL}, sizeof(char *));
    if (decoder->pointers.failed)
        return &err_no_memory;
    decoder->origin.executable = (const char *)decoder->arena.data + decoder->executable;
    decoder->origin.arguments = (const char *const *)decoder->pointers.data;
    return NULL;
}

/* Events */

static void take_signal(struct event_decoder *decoder, struct event *ret)
{
    struct cursor *records = &decoder->records;
    ret->signal = take_u32(records);
    uint32_t flags = take_flags(records, 15);
    uint32_t reach = flags >> SIGNAL_RECORD_REACH_SHIFT;
    ret->fatal = flags & SIGNAL_RECORD_FATAL;
    ret->reach = reach;
    if (reach > REACH_TRAP)
        records->failed = true;
    if (!(flags & SIGNAL_RECORD_SIGINFO))
        return;
    const uint8_t *siginfo = cursor_bytes(records, SIGINFO_BYTES);
    decoder->siginfo = decoder->arena.size;
    if (siginfo)
        buffer_put(&decoder->arena, siginfo, SIGINFO_BYTES);
    ret->siginfo = siginfo; /* until point_into_arena() */
}

/* False if there is no such kind. */
static bool take_event_fields(struct event_decoder *decoder, struct event *ret)
{
    switch (ret->kind) {
    case EVENT_SIGNAL:
        take_signal(decoder, ret);
        return true;
    case EVENT_EXEC:
        ret->next_stream = take_u32(&decoder->records);
        return true;
    case EVENT_EXIT:
        ret->status = take_u32(&decoder->records);
        ret->exit_flags = take_flags(&decoder->records, EXIT_FLAGS_ALL);
        return true;
    case EVENT_POINT:
        ret->nanoseconds = cursor_varint(&decoder->records);
        return true;
    case EVENT_INSTRUCTION:
        ret->instruction = take_u32(&decoder->records);
        if (ret->instruction < INSTRUCTION_RDTSC || ret->instruction > INSTRUCTION_RDSEED)
            decoder->records.failed = true;
        return true;
    case EVENT_START:
    case EVENT_CALL:
    case EVENT_CALL_ENTER:
    case EVENT_CALL_EXIT:
        return true;
    case EVENT_CALL_FAST: /* has a record of another shape: decode_calls() */
        return false;
    }
    return false;
}

static bool take_event_regs(struct event_decoder *decoder, struct event *ret)
{
    struct trace_regs *known = reg_table_of(&decoder->regs, ret->tid);
    bool before = event_has_before(ret->kind), after = event_has_after(ret->kind);
    if (!known)
        return false;
    if (before)
        take_regs(&decoder->records, known, &ret->before);
    if (after)
        take_regs(&decoder->records, before ? &ret->before : known, &ret->after);
    if (before || after)
        *known = after ? ret->after : ret->before;
    return true;
}

static void take_tick(struct event_decoder *decoder, struct event *ret)
{
    uint64_t step = cursor_varint(&decoder->records);
    if (step == 0 || step > UINT64_MAX - decoder->tick ||
        decoder->tick + step <= decoder->last_tick)
        decoder->records.failed = true;
    ret->tick = decoder->tick = decoder->last_tick = decoder->tick + step;
}

/* Now that nothing is appended any more, addresses in the arena are known. */
static void point_into_arena(struct event_decoder *decoder)
{
    struct event *event = &decoder->event;
    struct effect *effects = (struct effect *)decoder->effects.data;
    const size_t *places = (const size_t *)decoder->places.data;
    event->effects = effects;
    event->effect_count = decoder->effects.size / sizeof(*effects);
    for (size_t i = 0; i < event->effect_count; i++) {
        const uint8_t *place = decoder->arena.data ? decoder->arena.data + places[i] : decoder->raw;
        if (effects[i].kind == EFFECT_MEMORY || effects[i].kind == EFFECT_XSAVE)
            effects[i].bytes = place;
        else if (effects[i].kind == EFFECT_MAP)
            effects[i].map.path = (const char *)place;
    }
    if (event->siginfo)
        event->siginfo = decoder->arena.data + decoder->siginfo;
}

static struct error *check_start(struct event_decoder *decoder, const uint8_t *start)
{
    struct event *event = &decoder->event;
    bool is_start = event->kind == EVENT_START;
    if (is_start != (decoder->number == 0))
        return bad_record(decoder, start, "a stream's first event, and it alone, must be a start");
    if (!is_start || decoder->partial)
        return NULL;
    if (!decoder->has_origin || decoder->origin_tid != event->tid ||
        decoder->origin_tick != event->tick)
        return bad_record(decoder, start, "a start without its origin");
    event->origin = &decoder->origin;
    return join_origin(decoder);
}

static struct error *decode_event(struct event_decoder *decoder, const uint8_t *start)
{
    struct event *event = &decoder->event;
    event->kind = *start - RECORD_EVENT;
    event->reach = event_default_reach(event->kind);
    event->number = decoder->number;
    event->tid = take_u32(&decoder->records);
    take_tick(decoder, event);
    if (!take_event_fields(decoder, event))
        return error_new(remedy_newer,
                         "record at byte %zu of the unpacked frame: unknown event kind %u",
                         (size_t)(start - decoder->raw), *start - RECORD_EVENT);
    if (!take_event_regs(decoder, event) || decoder->arena.failed)
        return &err_no_memory;
    if (decoder->events_due-- == 0)
        return bad_record(decoder, start, "more events than the frame's header says");
    point_into_arena(decoder);
    return check_start(decoder, start);
}

/* Calls without a stop: a record that is an event an entry. */
static struct error *decode_calls(struct event_decoder *decoder, const uint8_t *start)
{
    struct call_record *calls = &decoder->calls;
    if (decoder->last_record != -1 || decoder->partial || decoder->number == 0)
        return bad_record(decoder, start, "calls in the middle of an event");
    if (!call_record_take(calls, &decoder->records))
        return bad_record(decoder, start, "its fields are not what its kind has");
    if (calls->step > UINT64_MAX - decoder->tick ||
        calls->count - 1 > UINT64_MAX - decoder->tick - calls->step ||
        decoder->tick + calls->step <= decoder->last_tick)
        return bad_record(decoder, start, "calls whose ticks do not rise");
    if (calls->count > decoder->events_due)
        return bad_record(decoder, start, "more events than the frame's header says");
    decoder->events_due -= (uint32_t)calls->count;
    decoder->call_tick = decoder->tick + calls->step;
    decoder->tick = decoder->last_tick = decoder->call_tick + calls->count - 1;
    return NULL;
}

/* The next of `calls` as an event. */
static struct error *next_call(struct event_decoder *decoder)
{
    struct effect effects[CALL_EFFECTS_MAX];
    struct event *event = &decoder->event;
    size_t count = call_record_event(&decoder->calls, event, effects);
    buffer_put(&decoder->effects, effects, count * sizeof(*effects));
    if (decoder->effects.failed)
        return &err_no_memory;
    event->number = decoder->number;
    event->tick = decoder->call_tick++;
    event->effects = (const struct effect *)decoder->effects.data;
    event->effect_count = count;
    call_record_drop(&decoder->calls);
    return NULL;
}

void event_decoder_skip_calls(struct event_decoder *decoder, uint64_t number)
{
    finish_returned(decoder);
    while (decoder->calls.count && decoder->number < number) {
        call_record_drop(&decoder->calls);
        decoder->call_tick++;
        decoder->number++;
    }
}

/* Any record */

static struct error *dispatch(struct event_decoder *decoder, const uint8_t *start)
{
    if (*start == RECORD_EVENT + EVENT_CALL_FAST)
        return decode_calls(decoder, start);
    if (*start >= RECORD_EVENT)
        return decode_event(decoder, start);
    if (*start == RECORD_MORE)
        return decode_more(decoder, start);
    if (*start == RECORD_ORIGIN)
        return decode_origin(decoder, start);
    if (*start == RECORD_ARGUMENTS)
        return decode_arguments(decoder, start);
    return decode_effect(decoder, start);
}

static struct error *decode_record(struct event_decoder *decoder)
{
    const uint8_t *start = decoder->records.at;
    cursor_u8(&decoder->records);
    struct error *error = dispatch(decoder, start);
    if (!error && decoder->records.failed)
        error = bad_record(decoder, start, "its fields are not what its kind has");
    if (!error && (decoder->arena.failed || decoder->effects.failed || decoder->places.failed ||
                   decoder->arguments.failed))
        error = &err_no_memory;
    decoder->last_record = *start;
    decoder->pending = true;
    return error;
}

struct error *event_decoder_next(struct event_decoder *decoder, const struct event **ret)
{
    *ret = NULL;
    finish_returned(decoder);
    while (decoder->calls.count || cursor_left(&decoder->records)) {
        struct error *error = decoder->calls.count ? NULL : decode_record(decoder);
        if (!error && decoder->calls.count)
            error = next_call(decoder);
        if (error)
            return error;
        if (!decoder->event.kind)
            continue;
        if (decoder->partial)
            decoder->event.kind = 0;
        decoder->number++;
        decoder->returned = true;
        *ret = &decoder->event;
        return NULL;
    }
    if (decoder->events_due)
        return error_new(remedy_damaged, "the frame has fewer events than its header says");
    return NULL;
}

struct error *event_decoder_origin(struct event_decoder *decoder, bool *whole)
{
    *whole = false;
    while (cursor_left(&decoder->records)) {
        uint8_t kind = *decoder->records.at;
        *whole = kind != RECORD_ORIGIN && kind != RECORD_ARGUMENTS;
        if (*whole)
            return decoder->has_origin ? join_origin(decoder)
                                       : bad_record(decoder, decoder->records.at,
                                                    "a stream that does not begin with its origin");
        struct error *error = decode_record(decoder);
        if (error)
            return error;
    }
    return NULL;
}
