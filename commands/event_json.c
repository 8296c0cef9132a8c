#include "commands/event_json.h"

#include <stdio.h>
#include <string.h>

#include "commands/event_text.h"
#include "commands/human_text.h"
#include "engine/syscall/call_table.h"
#include "engine/syscall/call_text.h"

static void put_origin(json_t *object, const struct stream_origin *origin)
{
    json_put(object, "pid", json_count(origin->pid));
    json_put(object, "parent", json_count(origin->parent_pid));
    json_put(object, "forked", json_boolean(origin->forked));
    json_put(object, "executable", json_text(origin->executable));
    json_put(object, "arguments", json_words(origin->arguments));
    if (origin->forked) {
        json_put(object, "parent_stream", json_count(origin->parent_stream));
        json_put(object, "parent_event", json_count(origin->parent_event));
    }
}

static json_t *buffer_json(struct buffer *buffer)
{
    buffer_put_u8(buffer, 0);
    json_t *text = buffer->failed ? json_null() : json_text((const char *)buffer->data);
    buffer_deinit(buffer);
    return text;
}

static void put_call(json_t *object, const struct event *event)
{
    struct call call = event_call(event);
    const struct call_row *row = call_row(call.number);
    json_t *arguments = json_array();
    for (size_t i = 0; i < CALL_ARGUMENTS; i++)
        json_array_append_new(arguments, json_hex(call.argument[i]));
    json_put(object, "call", json_text(row ? row->name : NULL));
    json_put(object, "number", json_integer((json_int_t)call.number));
    json_put(object, "arguments", arguments);
    struct buffer text = {0};
    call_text(&text, &call);
    json_put(object, "text", buffer_json(&text));
    if (event_has_after(event->kind))
        json_put(object, "result", json_integer(call.result));
    if (event->kind == EVENT_EXEC)
        json_put(object, "next_stream", json_count(event->next_stream));
}

static void put_signal(json_t *object, const struct event *event)
{
    json_put(object, "signal", json_text(signal_name((int)event->signal)));
    json_put(object, "number", json_count(event->signal));
    json_put(object, "fatal", json_boolean(event->fatal));
    json_put(object, "at", json_hex(event->before.value[TRACE_RIP]));
    json_put(object, "handler",
             event->fatal ? json_null() : json_hex(event->after.value[TRACE_RIP]));
}

static void put_instruction(json_t *object, const struct event *event)
{
    static const enum trace_reg registers[] = {TRACE_RAX, TRACE_RBX, TRACE_RCX, TRACE_RDX};
    json_put(object, "instruction", json_text(instruction_name(event->instruction)));
    json_put(object, "at", json_hex(event->before.value[TRACE_RIP]));
    if (event->instruction != INSTRUCTION_CPUID) {
        json_put(object, "value", json_hex(event_answer(event)));
        return;
    }
    json_t *answer = json_array();
    for (size_t i = 0; i < ARRAY_LENGTH(registers); i++)
        json_array_append_new(answer, json_hex((uint32_t)event->after.value[registers[i]]));
    json_put(object, "leaf", json_hex((uint32_t)event->before.value[TRACE_RAX]));
    json_put(object, "subleaf", json_hex((uint32_t)event->before.value[TRACE_RCX]));
    json_put(object, "answer", answer);
}

static void put_exit(json_t *object, const struct event *event)
{
    json_put(object, "exit", json_integer(exit_number(event->status)));
    json_put(object, "process_ends",
             json_boolean(event->exit_flags & EXIT_LAST_OF_PROCESS ? 1 : 0));
}

json_t *event_json(uint32_t stream, const struct event *event)
{
    json_t *object = json_object();
    json_put(object, "tick", json_count(event->tick));
    json_put(object, "stream", json_count(stream));
    json_put(object, "event", json_count(event->number));
    json_put(object, "tid", json_count(event->tid));
    json_put(object, "kind", json_text(event_kind_name(event->kind)));
    switch (event->kind) {
    case EVENT_START:
        put_origin(object, event->origin);
        break;
    case EVENT_CALL:
    case EVENT_CALL_ENTER:
    case EVENT_CALL_EXIT:
    case EVENT_CALL_FAST:
    case EVENT_EXEC:
        put_call(object, event);
        break;
    case EVENT_SIGNAL:
        put_signal(object, event);
        break;
    case EVENT_INSTRUCTION:
        put_instruction(object, event);
        break;
    case EVENT_POINT:
        json_put(object, "at", json_hex(event->before.value[TRACE_RIP]));
        json_put(object, "nanoseconds", json_count(event->nanoseconds));
        break;
    case EVENT_EXIT:
        put_exit(object, event);
        break;
    }
    return object;
}

static json_t *hex_digits(const uint8_t *bytes, uint64_t length)
{
    char text[2 * EFFECT_BYTES_SHOWN + 1] = "";
    for (size_t i = 0; i < length && i < EFFECT_BYTES_SHOWN; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_string(text);
}

static void put_map(json_t *object, const struct effect *effect)
{
    json_put(object, "protection", json_text(protection_text(effect->map.protection)));
    json_put(object, "shared", json_boolean(effect->map.flags & MAP_EFFECT_SHARED ? 1 : 0));
    json_put(object, "contents", json_text(effect->map.contents.hex));
    json_put(object, "offset", json_count(effect->map.offset));
    json_put(object, "object", json_count(effect->map.object));
    json_put(object, "path", json_text(effect->map.path));
}

/* What only effects of this kind have. */
static void put_details(json_t *object, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_MAP:
        put_map(object, effect);
        break;
    case EFFECT_PROTECT:
        json_put(object, "protection", json_text(protection_text(effect->protect.protection)));
        break;
    case EFFECT_REMAP:
        json_put(object, "old_address", json_hex(effect->remap.old_address.value));
        json_put(object, "old_length", json_count(effect->remap.old_length));
        break;
    case EFFECT_ADVISE:
        json_put(object, "advice", json_count(effect->advise.advice));
        break;
    case EFFECT_OUTPUT:
        json_put(object, "descriptor", json_count(effect->output.descriptor));
        break;
    case EFFECT_CHECK:
    case EFFECT_STATE:
        json_put(object, "hash", json_hex(effect->check.hash));
        break;
    case EFFECT_TASK:
        json_put(object, "tid", json_count(effect->task.tid));
        json_put(object, "pid", json_count(effect->task.pid));
        break;
    case EFFECT_FORK:
        json_put(object, "stream", json_count(effect->fork.stream));
        break;
    case EFFECT_RESIZE:
        json_put(object, "object", json_count(effect->resize.object));
        json_put(object, "size", json_count(effect->resize.size));
        break;
    case EFFECT_STACK_LIMIT:
        json_put(object, "bytes", json_count(effect->stack_limit.bytes));
        break;
    case EFFECT_WORD:
        json_put(object, "value", json_hex(effect->word.value));
        break;
    case EFFECT_PATCH:
        json_put(object, "original", json_hex(effect->patch.original));
        break;
    case EFFECT_SITE:
        json_put(object, "stub", json_hex(effect->site.stub.value));
        break;
    case EFFECT_MEMORY:
    case EFFECT_UNMAP:
    case EFFECT_XSAVE:
    case EFFECT_TRAP_CPUID:
    case EFFECT_STUBS:
        break;
    }
}

static json_t *effect_json(const struct effect *effect, bool bytes)
{
    bool has_bytes = effect->kind == EFFECT_MEMORY || effect->kind == EFFECT_XSAVE;
    bool has_range = effect_has_range(effect->kind);
    json_t *object = json_object();
    json_put(object, "kind", json_text(effect_kind_name(effect->kind)));
    if (has_range)
        json_put(object, "address", json_hex(effect->address.value));
    if (has_range || has_bytes)
        json_put(object, "length", json_count(effect->length));
    put_details(object, effect);
    if (has_bytes && bytes)
        json_put(object, "bytes", hex_digits(effect->bytes, effect->length));
    return object;
}

json_t *effects_json(const struct event *event, bool bytes)
{
    json_t *array = json_array();
    for (size_t i = 0; i < event->effect_count; i++)
        json_array_append_new(array, effect_json(&event->effects[i], bytes));
    return array;
}

json_t *registers_json(const struct event *event, bool after)
{
    const struct trace_regs *regs = after ? &event->after : &event->before;
    json_t *object = json_object();
    for (size_t i = 0; i < TRACE_REGS; i++)
        if (event_has_register(event, i, after))
            json_put(object, trace_reg_names[i], json_hex(regs->value[i]));
    return object;
}
