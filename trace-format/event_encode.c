#include "trace-format/event_encode.h"

#include <string.h>

#include "engine/base/bytes.h"
#include "trace-format/record_kinds.h"

/* The largest size of any record but for the contents and texts in it: an event record of two full
 * register sets (2 * (5 + 27 * 10)) and a siginfo. */
#define FIXED_MAX 1024

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
    if (size)
        memcpy(at, bytes, size);
    return at + size;
}

static size_t text_length(const char *text)
{
    return text ? strnlen(text, RECORD_TEXT_MAX) : 0;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    size_t length = text_length(text);
    return put_bytes(put_varint(at, length), text, length);
}

/* Room for a record of FIXED_MAX and `more` bytes at most, or NULL. */
static uint8_t *record_begin(struct record_output *output, size_t more)
{
    if (FRAME_RAW_MAX - output->frame->size < FIXED_MAX + more && !output->next(output))
        return NULL;
    return output->frame->raw + output->frame->size;
}

static bool record_end(struct record_output *output, const uint8_t *at)
{
    output->frame->size = (size_t)(at - output->frame->raw);
    output->begun = true;
    return true;
}

/* A bitmap of the registers that differ from `base`, and for each, from bit 0 up, the zigzag of the
 * difference. */
static uint8_t *put_regs(uint8_t *at, const struct trace_regs *regs, const struct trace_regs *base)
{
    uint32_t changed = 0;
    for (size_t i = 0; i < TRACE_REGS; i++)
        changed |= (uint32_t)(regs->value[i] != base->value[i]) << i;
    at = put_varint(at, changed);
    for (; changed; changed &= changed - 1) {
        int i = __builtin_ctz(changed);
        uint64_t difference = regs->value[i] - base->value[i];
        at = put_varint(at, difference << 1 ^ (0 - (difference >> 63)));
    }
    return at;
}

/* Contents in chunks: the first ends the record begun before `at`, the others are records of their
 * own. */
static bool put_contents(struct record_output *output, uint8_t *at, const uint8_t *bytes,
                         uint64_t length)
{
    for (;;) {
        size_t chunk = length < RECORD_CHUNK_MAX ? (size_t)length : RECORD_CHUNK_MAX;
        at = put_bytes(put_varint(at, chunk), bytes, chunk);
        record_end(output, at);
        length -= chunk;
        if (length == 0)
            return true;
        bytes += chunk;
        at = record_begin(output, RECORD_CHUNK_MAX);
        if (!at)
            return false;
        *at++ = RECORD_MORE;
    }
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool name_is_good(const struct store_name *name)
{
    size_t length = strnlen(name->hex, sizeof(name->hex));
    for (size_t i = 0; i < length; i++) {
        if (hex_digit(name->hex[i]) < 0)
            return false;
    }
    return length == 0 || length == 32;
}

static uint8_t *put_name(uint8_t *at, const struct store_name *name)
{
    *at++ = name->hex[0] != 0;
    for (size_t i = 0; name->hex[0] && i < 32; i += 2)
        *at++ = (uint8_t)(hex_digit(name->hex[i]) << 4 | hex_digit(name->hex[i + 1]));
    return at;
}

static uint8_t *put_map(uint8_t *at, const struct effect *effect)
{
    at = put_varint(at, effect->map.protection);
    at = put_varint(at, effect->map.flags);
    at = put_name(at, &effect->map.contents);
    at = put_varint(at, effect->map.offset);
    at = put_varint(at, effect->map.object);
    return put_text(at, effect->map.path);
}

static uint8_t *put_remap(uint8_t *at, const struct effect *effect)
{
    at = put_varint(at, effect->remap.old_address.value);
    at = put_varint(at, effect->remap.old_length);
    return put_varint(at, effect->remap.flags);
}

static uint8_t *put_task(uint8_t *at, const struct effect *effect)
{
    static const struct trace_regs none;
    at = put_varint(at, effect->task.tid);
    at = put_varint(at, effect->task.pid);
    return put_regs(at, &effect->task.regs, &none);
}

/* What a kind has beyond address and length. */
static uint8_t *put_effect_fields(uint8_t *at, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_MEMORY:
    case EFFECT_XSAVE:
    case EFFECT_UNMAP:
        return at;
    case EFFECT_MAP:
        return put_map(at, effect);
    case EFFECT_PROTECT:
        return put_varint(at, effect->protect.protection);
    case EFFECT_REMAP:
        return put_remap(at, effect);
    case EFFECT_ADVISE:
        return put_varint(at, effect->advise.advice);
    case EFFECT_TASK:
        return put_task(at, effect);
    case EFFECT_FORK:
        return put_varint(at, effect->fork.stream);
    case EFFECT_OUTPUT:
        return put_varint(at, effect->output.descriptor);
    case EFFECT_CHECK:
    case EFFECT_STATE:
        return put_varint(at, effect->check.hash);
    case EFFECT_RESIZE:
        return put_varint(put_varint(at, effect->resize.object), effect->resize.size);
    case EFFECT_STACK_LIMIT:
        return put_varint(at, effect->stack_limit.bytes);
    case EFFECT_WORD:
        return put_varint(at, effect->word.value);
    case EFFECT_PATCH:
        *at++ = effect->patch.original;
        return at;
    case EFFECT_SITE:
        return put_varint(at, effect->site.stub.value);
    case EFFECT_TRAP_CPUID:
    case EFFECT_STUBS:
        return at;
    }
    return at;
}

static bool has_contents(enum effect_kind kind)
{
    return kind == EFFECT_MEMORY || kind == EFFECT_XSAVE;
}

static size_t variable_part(const struct effect *effect)
{
    if (has_contents(effect->kind))
        return effect->length < RECORD_CHUNK_MAX ? (size_t)effect->length : RECORD_CHUNK_MAX;
    return effect->kind == EFFECT_MAP ? text_length(effect->map.path) : 0;
}

static bool encode_effect(struct record_output *output, const struct effect *effect)
{
    uint8_t *at = record_begin(output, variable_part(effect));
    if (!at)
        return false;
    *at++ = (uint8_t)effect->kind;
    if (effect_has_range(effect->kind))
        at = put_varint(at, effect->address.value);
    if (has_contents(effect->kind))
        return put_contents(output, at, effect->bytes, effect->length);
    if (effect_has_range(effect->kind))
        at = put_varint(at, effect->length);
    return record_end(output, put_effect_fields(at, effect));
}

/* One argument, with its NUL, in pieces. */
static bool encode_argument(struct record_output *output, const char *argument)
{
    size_t left = strlen(argument) + 1;
    while (left) {
        size_t chunk = left < RECORD_CHUNK_MAX ? left : RECORD_CHUNK_MAX;
        uint8_t *at = record_begin(output, chunk);
        if (!at)
            return false;
        *at++ = RECORD_ARGUMENTS;
        at = put_bytes(put_varint(at, chunk), argument, chunk);
        record_end(output, at);
        argument += chunk;
        left -= chunk;
    }
    return true;
}

/* What a START has first, so that a reader can list streams without unpacking whole images. */
static bool encode_origin(struct record_output *output, const struct event *event)
{
    const struct stream_origin *origin = event->origin;
    uint8_t *at = record_begin(output, text_length(origin->executable));
    if (!at)
        return false;
    *at++ = RECORD_ORIGIN;
    at = put_varint(at, event->tid);
    at = put_varint(at, event->tick);
    at = put_varint(at, origin->pid);
    at = put_varint(at, origin->parent_pid);
    *at++ = origin->forked;
    if (origin->forked) {
        at = put_varint(at, origin->parent_stream);
        at = put_varint(at, origin->parent_event);
    }
    record_end(output, put_text(at, origin->executable));
    for (const char *const *argument = origin->arguments; argument && *argument; argument++) {
        if (!encode_argument(output, *argument))
            return false;
    }
    return true;
}

static uint8_t *put_signal(uint8_t *at, const struct event *event)
{
    at = put_varint(at, event->signal);
    *at++ = (uint8_t)((event->siginfo ? SIGNAL_RECORD_SIGINFO : 0) |
                      (event->fatal ? SIGNAL_RECORD_FATAL : 0) |
                      (unsigned)event->reach << SIGNAL_RECORD_REACH_SHIFT);
    return event->siginfo ? put_bytes(at, event->siginfo, SIGINFO_BYTES) : at;
}

/* What a kind has beyond task, tick and registers. */
static uint8_t *put_event_fields(uint8_t *at, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SIGNAL:
        return put_signal(at, event);
    case EVENT_EXEC:
        return put_varint(at, event->next_stream);
    case EVENT_EXIT:
        return put_varint(put_varint(at, event->status), event->exit_flags);
    case EVENT_POINT:
        return put_varint(at, event->nanoseconds);
    case EVENT_INSTRUCTION:
        return put_varint(at, event->instruction);
    case EVENT_START:
    case EVENT_CALL:
    case EVENT_CALL_ENTER:
    case EVENT_CALL_EXIT:
    case EVENT_CALL_FAST:
        break;
    }
    return at;
}

/* `before` against the task's last registers in this frame, `after` against `before`. */
static uint8_t *put_event_regs(uint8_t *at, const struct event *event, struct trace_regs *known)
{
    bool before = event_has_before(event->kind), after = event_has_after(event->kind);
    if (before)
        at = put_regs(at, &event->before, known);
    if (after)
        at = put_regs(at, &event->after, before ? &event->before : known);
    if (before || after)
        *known = after ? event->after : event->before;
    return at;
}

static bool encode_event_record(struct record_output *output, const struct event *event)
{
    uint8_t *at = record_begin(output, 0);
    struct record_frame *frame = output->frame;
    struct trace_regs *known = at ? reg_table_of(&frame->regs, event->tid) : NULL;
    if (!known)
        return false;
    *at++ = (uint8_t)(RECORD_EVENT + event->kind);
    at = put_varint(at, event->tid);
    at = put_varint(at, event->tick - frame->tick);
    at = put_event_fields(at, event);
    at = put_event_regs(at, event, known);
    frame->tick = event->tick;
    frame->events++;
    return record_end(output, at);
}

bool event_encode(struct record_output *output, const struct event *event)
{
    if (event->kind == EVENT_START && !encode_origin(output, event))
        return false;
    for (size_t i = 0; i < event->effect_count; i++) {
        if (!encode_effect(output, &event->effects[i]))
            return false;
    }
    return encode_event_record(output, event);
}

static const char *effect_problem(const struct effect *effect)
{
    if (effect->kind < EFFECT_MEMORY || effect->kind > EFFECT_STUBS)
        return "an effect of an unknown kind";
    if (effect_has_range(effect->kind) && effect->length > UINT64_MAX - effect->address.value)
        return "an effect that runs past the end of the address space";
    if (effect->kind == EFFECT_MAP && effect->map.flags & ~(unsigned)MAP_EFFECT_ALL)
        return "a map effect with unknown flags";
    if (effect->kind == EFFECT_MAP && !name_is_good(&effect->map.contents))
        return "a map effect whose contents have no valid name";
    if (effect->kind == EFFECT_WORD && effect->length != sizeof(uint64_t))
        return "a word effect of another length than 8";
    if (effect->kind == EFFECT_RESIZE && !effect->resize.object)
        return "a resize effect for object 0";
    if (effect->kind == EFFECT_OUTPUT && effect->output.descriptor - 1 > 1)
        return "an output effect for a descriptor other than 1 and 2";
    return NULL;
}

static const char *start_problem(const struct stream_origin *origin)
{
    size_t bytes = 0;
    if (!origin)
        return "a start event without origin";
    for (const char *const *argument = origin->arguments; argument && *argument; argument++)
        bytes += strlen(*argument) + 1;
    return bytes > EVENT_ARGUMENTS_MAX ? "a start event with more than 16 MiB of arguments" : NULL;
}

const char *event_problem(const struct event *event)
{
    uint64_t bytes = 0;
    if (event->kind < EVENT_START || event->kind > EVENT_POINT)
        return "an event of an unknown kind"; /* or a CALL_FAST: trace_writer_calls() */
    if (event->reach > REACH_POINT || event->exit_flags & ~(unsigned)EXIT_FLAGS_ALL)
        return "an event with unknown flags";
    if (event->kind == EVENT_INSTRUCTION &&
        (event->instruction < INSTRUCTION_RDTSC || event->instruction > INSTRUCTION_RDSEED))
        return "an event of an unknown instruction";
    if (event->effect_count > EVENT_EFFECTS_MAX)
        return "an event with more than a million effects";
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        const char *problem = effect_problem(effect);
        if (problem)
            return problem;
        if (has_contents(effect->kind) && effect->length > EVENT_BYTES_MAX - bytes)
            return "an event with more than 2112 MiB of contents";
        bytes += has_contents(effect->kind) ? effect->length : 0;
    }
    return event->kind == EVENT_START ? start_problem(event->origin) : NULL;
}
