/*
 * g, p, P, and the registers that stop replies carry along.
 *
 * `g` holds the registers of target.xml, in its order and without gaps, and nothing else (Delve
 * panics on more). A register that a task's state does not hold is sent as x's: "unavailable".
 */
#include "replay/gdb/gdb_registers.h"

#include <string.h>

#include "replay/gdb/gdb_session.h"

const struct gdb_register gdb_registers[] = {
#define REGISTER(name, bits, type, group, feature, place, offset)                                  \
    {#name, bits, type, group, GDB_##feature, GDB_##place, offset},
#include "replay/gdb/gdb_registers.def"
#undef REGISTER
};
const size_t gdb_register_count = ARRAY_LENGTH(gdb_registers);

#define XCR0_AVX 0x4
#define XCR0_AVX512 0xe0
#define XCR0_PKRU 0x200

bool gdb_has_feature(const struct cpu_features *features, enum gdb_feature feature)
{
    uint64_t xcr0 = features ? features->xcr0 : 0;
    switch (feature) {
    case GDB_CORE:
    case GDB_SSE:
    case GDB_LINUX:
    case GDB_SEGMENTS:
        return true;
    case GDB_AVX:
        return xcr0 & XCR0_AVX;
    case GDB_AVX512:
        return (xcr0 & XCR0_AVX512) == XCR0_AVX512;
    case GDB_PKEYS:
        return xcr0 & XCR0_PKRU;
    case GDB_FEATURES:
        break;
    }
    return false;
}

/* A task's state, as far as it could be had. */
struct state {
    struct trace_regs regs;
    const uint8_t *xsave; /* NULL: none */
    size_t xsave_size;
};

static struct error *read_state(struct gdb_session *session, uint32_t tid, struct state *ret)
{
    struct error *error = target_registers(session->target, tid, &ret->regs);
    if (error)
        return error;
    error = target_xsave(session->target, tid, &ret->xsave, &ret->xsave_size);
    if (error) { /* general registers alone are better than none */
        error_free(error);
        ret->xsave = NULL;
        ret->xsave_size = 0;
    }
    return NULL;
}

static void put_register(struct buffer *out, const struct gdb_register *reg,
                         const struct state *state)
{
    uint8_t value[GDB_REGISTER_BYTES] = {0};
    bool known = true;
    if (reg->place == GDB_GENERAL)
        memcpy(value, &state->regs.value[reg->offset], sizeof(uint64_t));
    else
        known = gdb_xsave_register(reg, state->xsave, state->xsave_size, value);
    if (known)
        gdb_put_hex(out, value, reg->bits / 8);
    else
        gdb_put_text(out, "%.*s", (int)reg->bits / 4,
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

struct error *gdb_on_read_registers(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct state state;
    struct error *error = read_state(session, gdb_general_task(session), &state);
    if (error)
        return error;
    for (size_t i = 0; i < gdb_register_count; i++) {
        if (gdb_has_feature(session->features, gdb_registers[i].feature))
            put_register(&session->reply, &gdb_registers[i], &state);
    }
    return NULL;
}

/* The register with this number in target.xml: they are numbered as they come. */
static const struct gdb_register *register_by_number(const struct gdb_session *session,
                                                     uint64_t number)
{
    uint64_t counted = 0;
    for (size_t i = 0; i < gdb_register_count; i++) {
        if (gdb_has_feature(session->features, gdb_registers[i].feature) && counted++ == number)
            return &gdb_registers[i];
    }
    return NULL;
}

struct error *gdb_on_read_register(struct gdb_session *session, struct gdb_scan *arguments)
{
    const struct gdb_register *reg = register_by_number(session, gdb_scan_hex(arguments));
    if (arguments->failed || !reg)
        return gdb_refuse("no such register");
    struct state state;
    struct error *error = read_state(session, gdb_general_task(session), &state);
    if (error)
        return error;
    put_register(&session->reply, reg, &state);
    return NULL;
}

/*
 * `P NUMBER=VALUE`. Only what changes nothing is accepted, for gdb's sake: when it resumes after a
 * restart it writes the program counter that is there, and -1 to orig_rax, which tells a kernel not
 * to restart a call and is nothing to a recording.
 */
struct error *gdb_on_write_register(struct gdb_session *session, struct gdb_scan *arguments)
{
    struct state state;
    struct buffer now = {0};
    const struct gdb_register *reg = register_by_number(session, gdb_scan_hex(arguments));
    gdb_scan_expect(arguments, '=');
    if (arguments->failed || !reg)
        return gdb_refuse("no such register");
    struct error *error = read_state(session, gdb_general_task(session), &state);
    if (error)
        return error;
    put_register(&now, reg, &state);
    size_t size = (size_t)(arguments->end - arguments->at);
    bool same = size == now.size && now.data && memcmp(arguments->at, now.data, size) == 0;
    bool harmless = reg->place == GDB_GENERAL && reg->offset == TRACE_ORIG_RAX;
    buffer_deinit(&now);
    if (!same && !harmless)
        return gdb_refuse("a recording cannot be changed");
    gdb_put_text(&session->reply, "OK");
    return NULL;
}

/* rbp, rsp and rip save gdb two or three exchanges a step. */
void gdb_put_expedited(struct gdb_session *session, uint32_t tid)
{
    static const struct {
        unsigned number;
        enum trace_reg reg;
    } expedited[] = {{6, TRACE_RBP}, {7, TRACE_RSP}, {16, TRACE_RIP}};
    struct trace_regs regs;
    struct error *error = target_registers(session->target, tid, &regs);
    for (size_t i = 0; !error && i < ARRAY_LENGTH(expedited); i++) {
        gdb_put_text(&session->reply, "%02x:", expedited[i].number);
        gdb_put_hex(&session->reply, &regs.value[expedited[i].reg], sizeof(uint64_t));
        gdb_put_text(&session->reply, ";");
    }
    error_free(error);
}
