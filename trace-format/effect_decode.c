#include "trace-format/effect_decode.h"

#include <string.h>

#include "trace-format/record_kinds.h"

uint32_t take_u32(struct cursor *records)
{
    uint64_t value = cursor_varint(records);
    if (value > UINT32_MAX)
        records->failed = true;
    return records->failed ? 0 : (uint32_t)value;
}

uint32_t take_flags(struct cursor *records, uint32_t mask)
{
    uint32_t flags = take_u32(records);
    if (flags & ~mask)
        records->failed = true;
    return flags & mask;
}

uint64_t take_bytes(struct cursor *records, uint64_t limit, struct buffer *to)
{
    uint64_t length = cursor_varint(records);
    if (length > limit)
        records->failed = true;
    const uint8_t *bytes = cursor_bytes(records, length);
    if (!bytes)
        return 0;
    buffer_put(to, bytes, (size_t)length);
    return length;
}

size_t take_text(struct event_decoder *decoder)
{
    size_t place = decoder->arena.size;
    uint64_t length = take_bytes(&decoder->records, RECORD_TEXT_MAX, &decoder->arena);
    if (!decoder->arena.failed && length && memchr(decoder->arena.data + place, 0, length))
        decoder->records.failed = true;
    buffer_put_u8(&decoder->arena, 0);
    return place;
}

void take_regs(struct cursor *records, const struct trace_regs *base, struct trace_regs *ret)
{
    uint32_t changed = take_flags(records, (1u << TRACE_REGS) - 1);
    *ret = *base;
    for (; changed; changed &= changed - 1) {
        uint64_t zigzag = cursor_varint(records);
        ret->value[__builtin_ctz(changed)] += zigzag >> 1 ^ (0 - (zigzag & 1));
    }
}

static void take_name(struct cursor *records, struct store_name *ret)
{
    static const char digits[] = "0123456789abcdef";
    ret->hex[0] = 0;
    if (!take_flags(records, 1))
        return;
    const uint8_t *bytes = cursor_bytes(records, 16);
    for (size_t i = 0; bytes && i < 16; i++) {
        ret->hex[2 * i] = digits[bytes[i] >> 4];
        ret->hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret->hex[bytes ? 32 : 0] = 0;
}

/* Effects */

static void take_map(struct event_decoder *decoder, struct effect *ret, size_t *place)
{
    struct cursor *records = &decoder->records;
    ret->map.protection = take_u32(records);
    ret->map.flags = take_flags(records, MAP_EFFECT_ALL);
    take_name(records, &ret->map.contents);
    ret->map.offset = cursor_varint(records);
    ret->map.object = cursor_varint(records);
    *place = take_text(decoder);
}

static void take_remap(struct cursor *records, struct effect *ret)
{
    ret->remap.old_address = taddr_of(cursor_varint(records));
    ret->remap.old_length = cursor_varint(records);
    ret->remap.flags = take_u32(records);
}

static void take_task(struct cursor *records, struct effect *ret)
{
    static const struct trace_regs none;
    ret->task.tid = take_u32(records);
    ret->task.pid = take_u32(records);
    take_regs(records, &none, &ret->task.regs);
}

static void take_range(struct cursor *records, struct effect *ret)
{
    ret->address = taddr_of(cursor_varint(records));
    ret->length = cursor_varint(records);
    if (ret->length > UINT64_MAX - ret->address.value)
        records->failed = true;
}

static void take_contents(struct event_decoder *decoder, struct effect *ret, size_t *place)
{
    if (ret->kind == EFFECT_MEMORY)
        ret->address = taddr_of(cursor_varint(&decoder->records));
    *place = decoder->arena.size;
    ret->length = take_bytes(&decoder->records, RECORD_CHUNK_MAX, &decoder->arena);
    decoder->bytes += ret->length;
    if (decoder->bytes > EVENT_BYTES_MAX || ret->length > UINT64_MAX - ret->address.value)
        decoder->records.failed = true;
}

static void take_output(struct cursor *records, struct effect *ret)
{
    take_range(records, ret);
    ret->output.descriptor = take_u32(records);
    if (ret->output.descriptor != 1 && ret->output.descriptor != 2)
        records->failed = true;
}

bool take_effect(struct event_decoder *decoder, struct effect *ret, size_t *place)
{
    struct cursor *records = &decoder->records;
    switch (ret->kind) {
    case EFFECT_MEMORY:
    case EFFECT_XSAVE:
        take_contents(decoder, ret, place);
        return true;
    case EFFECT_MAP:
        take_range(records, ret);
        take_map(decoder, ret, place);
        return true;
    case EFFECT_UNMAP:
        take_range(records, ret);
        return true;
    case EFFECT_PROTECT:
        take_range(records, ret);
        ret->protect.protection = take_u32(records);
        return true;
    case EFFECT_REMAP:
        take_range(records, ret);
        take_remap(records, ret);
        return true;
    case EFFECT_ADVISE:
        take_range(records, ret);
        ret->advise.advice = take_u32(records);
        return true;
    case EFFECT_TASK:
        take_task(records, ret);
        return true;
    case EFFECT_FORK:
        ret->fork.stream = take_u32(records);
        return true;
    case EFFECT_OUTPUT:
        take_output(records, ret);
        return true;
    case EFFECT_CHECK:
    case EFFECT_STATE:
        take_range(records, ret);
        ret->check.hash = cursor_varint(records);
        return true;
    case EFFECT_RESIZE:
        ret->resize.object = cursor_varint(records);
        ret->resize.size = cursor_varint(records);
        records->failed = records->failed || !ret->resize.object;
        return true;
    case EFFECT_STACK_LIMIT:
        ret->stack_limit.bytes = cursor_varint(records);
        return true;
    case EFFECT_WORD:
        take_range(records, ret);
        ret->word.value = cursor_varint(records);
        records->failed = records->failed || ret->length != sizeof(ret->word.value);
        return true;
    case EFFECT_PATCH:
        take_range(records, ret);
        ret->patch.original = cursor_u8(records);
        return true;
    case EFFECT_SITE:
        take_range(records, ret);
        ret->site.stub = taddr_of(cursor_varint(records));
        return true;
    case EFFECT_STUBS:
        take_range(records, ret);
        return true;
    case EFFECT_TRAP_CPUID:
        return true;
    }
    return false;
}
