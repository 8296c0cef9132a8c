#include "commands/event_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "commands/human_text.h"
#include "commands/terminal_text.h"
#include "engine/syscall/call_text.h"

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length > 0)
        buffer_put(buffer, text, (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

static void put_string(struct buffer *buffer, const char *string)
{
    if (string)
        terminal_text(buffer, string, strlen(string));
}

struct call event_call(const struct event *event)
{
    static const enum trace_reg registers[CALL_ARGUMENTS] = {TRACE_RDI, TRACE_RSI, TRACE_RDX,
                                                             TRACE_R10, TRACE_R8,  TRACE_R9};
    struct call call = {
        .number = event->before.value[TRACE_ORIG_RAX],
        .result = event_has_after(event->kind) ? (int64_t)event->after.value[TRACE_RAX] : 0,
    };
    for (size_t i = 0; i < CALL_ARGUMENTS; i++)
        call.argument[i] = event->before.value[registers[i]];
    return call;
}

uint64_t event_answer(const struct event *event)
{
    const uint64_t *before = event->before.value, *after = event->after.value;
    if (event->instruction == INSTRUCTION_RDTSC || event->instruction == INSTRUCTION_RDTSCP)
        return after[TRACE_RDX] << 32 | (uint32_t)after[TRACE_RAX];
    for (size_t i = 0; i < TRACE_REGS; i++) /* of a random number, the register that it went to */
        if (i != TRACE_RIP && i != TRACE_EFLAGS && before[i] != after[i])
            return after[i];
    return 0;
}

static void instruction_text(struct buffer *buffer, const struct event *event)
{
    const uint64_t *before = event->before.value, *after = event->after.value;
    buffer_printf(buffer, " %s", instruction_name(event->instruction));
    if (event->instruction == INSTRUCTION_CPUID)
        buffer_printf(buffer, " 0x%x.0x%x = %08x %08x %08x %08x", (uint32_t)before[TRACE_RAX],
                      (uint32_t)before[TRACE_RCX], (uint32_t)after[TRACE_RAX],
                      (uint32_t)after[TRACE_RBX], (uint32_t)after[TRACE_RCX],
                      (uint32_t)after[TRACE_RDX]);
    else
        buffer_printf(buffer, " = %" PRIu64, event_answer(event));
    buffer_printf(buffer, " at 0x%" PRIx64, before[TRACE_RIP]);
}

static void start_text(struct buffer *buffer, const struct stream_origin *origin)
{
    buffer_printf(buffer, " of process %u (parent %u)", origin->pid, origin->parent_pid);
    if (origin->forked) {
        buffer_printf(buffer, ", forked from %u.%" PRIu64, origin->parent_stream,
                      origin->parent_event);
        return;
    }
    buffer_printf(buffer, ": ");
    put_string(buffer, origin->executable);
    for (size_t i = 0; origin->arguments[i]; i++) {
        buffer_printf(buffer, i ? " " : ": ");
        put_string(buffer, origin->arguments[i]);
    }
}

static void calling_text(struct buffer *buffer, const struct event *event)
{
    struct call call = event_call(event);
    buffer_printf(buffer, " ");
    call_text(buffer, &call);
    if (event_has_after(event->kind)) {
        buffer_printf(buffer, " ");
        call_result_text(buffer, &call);
    }
    if (event->kind == EVENT_EXEC)
        buffer_printf(buffer, ": goes on as stream %u", event->next_stream);
}

static void signal_text(struct buffer *buffer, const struct event *event)
{
    buffer_printf(buffer, " %s at 0x%" PRIx64, signal_name((int)event->signal),
                  event->before.value[TRACE_RIP]);
    if (event->fatal)
        buffer_printf(buffer, ", fatal");
    else
        buffer_printf(buffer, ", handler 0x%" PRIx64, event->after.value[TRACE_RIP]);
}

static void exit_text(struct buffer *buffer, const struct event *event)
{
    char status[HUMAN_TEXT];
    buffer_printf(buffer, ": %s%s", wait_status_text(event->status, status),
                  event->exit_flags & EXIT_LAST_OF_PROCESS ? ", the process ends" : "");
}

void event_text(struct buffer *buffer, const struct event *event)
{
    buffer_printf(buffer, "%s", event_kind_name(event->kind));
    switch (event->kind) {
    case EVENT_START:
        start_text(buffer, event->origin);
        break;
    case EVENT_CALL:
    case EVENT_CALL_ENTER:
    case EVENT_CALL_EXIT:
    case EVENT_CALL_FAST:
    case EVENT_EXEC:
        calling_text(buffer, event);
        break;
    case EVENT_SIGNAL:
        signal_text(buffer, event);
        break;
    case EVENT_INSTRUCTION:
        instruction_text(buffer, event);
        break;
    case EVENT_POINT:
        buffer_printf(buffer, " at 0x%" PRIx64, event->before.value[TRACE_RIP]);
        break;
    case EVENT_EXIT:
        exit_text(buffer, event);
        break;
    }
}

const char *protection_text(uint32_t protection)
{
    static const char *const texts[] = {"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"};
    static_assert(PROT_READ == 1 && PROT_WRITE == 2 && PROT_EXEC == 4, "texts is in this order");
    return texts[protection & 7];
}

static void map_text(struct buffer *buffer, const struct effect *effect)
{
    buffer_printf(buffer, " %s %s%s%s", protection_text(effect->map.protection),
                  effect->map.flags & MAP_EFFECT_SHARED ? "shared" : "private",
                  effect->map.flags & MAP_EFFECT_STACK ? " stack" : "",
                  effect->map.flags & MAP_EFFECT_NORESERVE ? " noreserve" : "");
    if (effect->map.contents.hex[0])
        buffer_printf(buffer, " %.32s at 0x%" PRIx64, effect->map.contents.hex, effect->map.offset);
    if (effect->map.object)
        buffer_printf(buffer, " object %" PRIu64 " at 0x%" PRIx64, effect->map.object,
                      effect->map.offset);
    if (effect->map.path && *effect->map.path) {
        buffer_printf(buffer, " ");
        put_string(buffer, effect->map.path);
    }
}

static void details_text(struct buffer *buffer, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_MAP:
        map_text(buffer, effect);
        break;
    case EFFECT_PROTECT:
        buffer_printf(buffer, " %s", protection_text(effect->protect.protection));
        break;
    case EFFECT_REMAP:
        buffer_printf(buffer, " from 0x%" PRIx64 "+%" PRIu64 "%s", effect->remap.old_address.value,
                      effect->remap.old_length,
                      effect->remap.flags & MREMAP_DONTUNMAP ? " which stays" : "");
        break;
    case EFFECT_ADVISE:
        buffer_printf(buffer, " advice %u", effect->advise.advice);
        break;
    case EFFECT_TASK:
        buffer_printf(buffer, " %u of process %u at 0x%" PRIx64, effect->task.tid, effect->task.pid,
                      effect->task.regs.value[TRACE_RIP]);
        break;
    case EFFECT_FORK:
        buffer_printf(buffer, " begins stream %u", effect->fork.stream);
        break;
    case EFFECT_OUTPUT:
        buffer_printf(buffer, " to descriptor %u", effect->output.descriptor);
        break;
    case EFFECT_CHECK:
    case EFFECT_STATE:
        buffer_printf(buffer, " hash %016" PRIx64, effect->check.hash);
        break;
    case EFFECT_RESIZE:
        buffer_printf(buffer, " object %" PRIu64 " to %" PRIu64 " bytes", effect->resize.object,
                      effect->resize.size);
        break;
    case EFFECT_STACK_LIMIT:
        if (effect->stack_limit.bytes == UINT64_MAX)
            buffer_printf(buffer, " none");
        else
            buffer_printf(buffer, " %" PRIu64, effect->stack_limit.bytes);
        break;
    case EFFECT_WORD:
        buffer_printf(buffer, " = 0x%" PRIx64, effect->word.value);
        break;
    case EFFECT_PATCH:
        buffer_printf(buffer, " for %02x", effect->patch.original);
        break;
    case EFFECT_SITE:
        buffer_printf(buffer, " stub 0x%" PRIx64, effect->site.stub.value);
        break;
    case EFFECT_MEMORY:
    case EFFECT_UNMAP:
    case EFFECT_XSAVE:
    case EFFECT_TRAP_CPUID:
    case EFFECT_STUBS:
        break;
    }
}

void effect_text(struct buffer *buffer, const struct effect *effect)
{
    buffer_printf(buffer, "%s", effect_kind_name(effect->kind));
    if (effect->kind == EFFECT_XSAVE)
        buffer_printf(buffer, " %" PRIu64 " bytes", effect->length);
    else if (effect_has_range(effect->kind))
        buffer_printf(buffer, " 0x%" PRIx64 "+%" PRIu64, effect->address.value, effect->length);
    details_text(buffer, effect);
}
