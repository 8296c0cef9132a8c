#include "replay/divergence.h"

#include <Zydis/Zydis.h>

#include "engine/syscall/call_text.h"

#define INSTRUCTIONS 6

static void print_registers(FILE *file, const struct divergence *divergence)
{
    fprintf(file, "  %-9s %-18s %-18s\n", "", "recorded", "replayed");
    for (size_t i = 0; i < TRACE_REGS; i++) {
        uint64_t recorded = divergence->recorded.value[i], replayed = divergence->replayed.value[i];
        fprintf(file, "%s %-9s %#-18lx %#-18lx\n", recorded == replayed ? " " : "*",
                trace_reg_names[i], recorded, replayed);
    }
}

static void print_code(FILE *file, struct session *session, uint64_t address)
{
    uint8_t bytes[INSTRUCTIONS * ZYDIS_MAX_INSTRUCTION_LENGTH];
    size_t size = session_read(session, taddr_of(address), bytes, sizeof(bytes));
    size_t at = 0;
    for (int i = 0; i < INSTRUCTIONS && at < size; i++) {
        ZydisDisassembledInstruction instruction;
        if (!ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, address + at,
                                                bytes + at, size - at, &instruction)))
            break;
        fprintf(file, "  %#lx: %s\n", address + at, instruction.text);
        at += instruction.info.length;
    }
    if (at == 0)
        fprintf(file, "  %#lx: no code there\n", address);
}

/* Where the task was to be. */
static void print_expected(FILE *file, const struct event *next)
{
    if (!next) {
        fprintf(file, "the recording ends here\n");
    } else if (next->reach == REACH_CALL) {
        uint64_t number = next->before.value[TRACE_ORIG_RAX];
        const struct call_row *row = call_row(number);
        fprintf(file, "the recording has %s %s (%lu) at %#lx\n", event_kind_name(next->kind),
                row ? row->name : "?", number, next->before.value[TRACE_RIP]);
    } else {
        fprintf(file, "the recording has %s at %#lx\n", event_kind_name(next->kind),
                next->before.value[TRACE_RIP]);
    }
}

void divergence_report(FILE *file, struct session *session)
{
    const struct divergence *divergence = session_divergence(session);
    fprintf(file,
            "reel: divergence at event %lu of stream %u, task %u: %s differ%s from the recording\n",
            divergence->event, divergence->stream, divergence->tid, divergence->what,
            divergence->length || divergence->have_regs ? "" : "s");
    if (divergence->signal)
        fprintf(file, "the replayed task was stopped by %s\n", signal_name(divergence->signal));
    if (divergence->stream == session_stream(session)) /* else it is a stream just forked */
        print_expected(file, session_next(session));
    if (divergence->length)
        fprintf(file, "first difference in the memory [%#lx, %#lx)\n", divergence->address.value,
                divergence->address.value + divergence->length);
    if (!divergence->have_regs)
        return;
    print_registers(file, divergence);
    if (divergence->stream == session_stream(session))
        print_code(file, session, divergence->replayed.value[TRACE_RIP]);
}
