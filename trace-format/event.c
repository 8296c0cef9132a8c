/* Names and shapes of events: everything that follows from event.def and effect.def alone. */
#include "trace-format/event.h"

const char *const trace_reg_names[TRACE_REGS] = {
    "r15",    "r14", "r13", "r12",     "rbp",     "rbx", "r11",      "r10", "r9",
    "r8",     "rax", "rcx", "rdx",     "rsi",     "rdi", "orig_rax", "rip", "cs",
    "eflags", "rsp", "ss",  "fs_base", "gs_base", "ds",  "es",       "fs",  "gs",
};

const char *event_kind_name(enum event_kind kind)
{
    switch (kind) {
#define EVENT(symbol, number, name, reach)                                                         \
    case EVENT_##symbol:                                                                           \
        return name;
#include "trace-format/event.def"
#undef EVENT
    }
    return "unknown";
}

const char *effect_kind_name(enum effect_kind kind)
{
    switch (kind) {
#define EFFECT(symbol, number, name, range)                                                        \
    case EFFECT_##symbol:                                                                          \
        return name;
#include "trace-format/effect.def"
#undef EFFECT
    }
    return "unknown";
}

const char *instruction_name(enum trace_instruction instruction)
{
    switch (instruction) {
#define INSTRUCTION(symbol, number, name)                                                          \
    case INSTRUCTION_##symbol:                                                                     \
        return name;
#include "trace-format/instruction.def"
#undef INSTRUCTION
    }
    return "unknown";
}

bool effect_has_range(enum effect_kind kind)
{
    switch (kind) {
#define EFFECT(symbol, number, name, range)                                                        \
    case EFFECT_##symbol:                                                                          \
        return range;
#include "trace-format/effect.def"
#undef EFFECT
    }
    return false;
}

enum event_reach event_default_reach(enum event_kind kind)
{
    switch (kind) {
#define EVENT(symbol, number, name, reach)                                                         \
    case EVENT_##symbol:                                                                           \
        return reach;
#include "trace-format/event.def"
#undef EVENT
    }
    return REACH_NOTHING;
}

bool event_has_before(enum event_kind kind)
{
    return kind != EVENT_START && kind != EVENT_EXIT;
}

bool event_has_after(enum event_kind kind)
{
    return kind != EVENT_CALL_ENTER && kind != EVENT_EXEC && kind != EVENT_EXIT;
}

/* The kernel leaves at the entry of a call: rax = -ENOSYS, rcx = rip, orig_rax = its number; and at
 * the exit rax = its result. */
#define CALL_REGISTERS                                                                             \
    (1u << TRACE_RIP | 1u << TRACE_RSP | 1u << TRACE_RAX | 1u << TRACE_RCX |                       \
     1u << TRACE_ORIG_RAX | 1u << TRACE_RDI | 1u << TRACE_RSI | 1u << TRACE_RDX |                  \
     1u << TRACE_R10 | 1u << TRACE_R8 | 1u << TRACE_R9)

bool event_has_register(const struct event *event, enum trace_reg reg, bool after)
{
    if (!(after ? event_has_after(event->kind) : event_has_before(event->kind)))
        return false;
    return event->kind != EVENT_CALL_FAST || CALL_REGISTERS >> reg & 1;
}
