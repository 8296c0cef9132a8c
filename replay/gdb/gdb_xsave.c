/*
 * Registers out of an XSAVE area in the standard layout (Intel SDM volume 1, chapter 13).
 *
 *      0 .. 511   legacy region: x87 control words, st0-st7 at 32, xmm0-xmm15 at 160
 *    512 .. 575   header, starting with XSTATE_BV: which components are not in their initial state
 *    576 ..       the others, each where cpuid says
 *
 * A component whose bit in XSTATE_BV is clear has its initial value, whatever its bytes are: zero,
 * but for the x87 control word. MXCSR is the exception; its bytes count always.
 */
#include <cpuid.h>
#include <string.h>

#include "replay/gdb/gdb_registers.h"

#define XSTATE_BV_OFFSET 512
#define X87_INITIAL_CONTROL 0x37f
#define X87_ALL_EMPTY 0xffff

enum { COMPONENT_X87 = 0, COMPONENT_SSE = 1 };

static unsigned component_of(enum gdb_place place)
{
    switch (place) {
    case GDB_GENERAL:
    case GDB_X87:
    case GDB_X87_CONTROL:
        return COMPONENT_X87;
    case GDB_SSE_REGISTERS:
        return COMPONENT_SSE;
    case GDB_AVX_HIGH:
        return 2;
    case GDB_OPMASK:
        return 5;
    case GDB_ZMM_HIGH:
        return 6;
    case GDB_ZMM_UPPER:
        return 7;
    case GDB_PKRU:
        return 9;
    }
    return COMPONENT_X87;
}

/* Where a component is in the area: 0 in the legacy region, else what the CPU's cpuid leaf 0xD
 * says. An area is only ever shown on a CPU that can load it, so this CPU's answer is the right
 * one. */
static size_t component_offset(unsigned component)
{
    unsigned eax, ebx, ecx, edx;
    if (component <= COMPONENT_SSE)
        return 0;
    if (!__get_cpuid_count(0xd, component, &eax, &ebx, &ecx, &edx) || eax == 0)
        return SIZE_MAX / 2; /* this CPU has no such component: beyond any area */
    return ebx;
}

static bool in_use(const uint8_t *xsave, size_t size, unsigned component)
{
    uint64_t present;
    if (size < XSTATE_BV_OFFSET + sizeof(present))
        return true; /* an FXSAVE image: no header, everything counts */
    memcpy(&present, xsave + XSTATE_BV_OFFSET, sizeof(present));
    return present >> component & 1;
}

/* Two bits of the full tag word: 0 valid, 1 zero, 2 special, 3 empty. FXSAVE keeps only "empty". */
static unsigned tag_of(const uint8_t *extended)
{
    uint64_t mantissa;
    uint16_t exponent;
    memcpy(&mantissa, extended, sizeof(mantissa));
    memcpy(&exponent, extended + sizeof(mantissa), sizeof(exponent));
    exponent &= 0x7fff;
    if (exponent == 0x7fff)
        return 2;
    if (exponent == 0)
        return mantissa == 0 ? 1 : 2;
    return mantissa >> 63 ? 0 : 2;
}

static uint32_t full_tag_word(const uint8_t *legacy)
{
    unsigned top = legacy[3] >> 3 & 7; /* of the status word */
    uint32_t word = 0;
    for (unsigned physical = 0; physical < 8; physical++) {
        unsigned stack = (physical - top) & 7;
        unsigned tag = legacy[4] >> physical & 1 ? tag_of(legacy + 32 + 16 * stack) : 3;
        word |= tag << (2 * physical);
    }
    return word;
}

static uint32_t legacy_word(const uint8_t *legacy, size_t offset, size_t size)
{
    uint32_t word = 0;
    memcpy(&word, legacy + offset, size);
    return word;
}

static uint32_t x87_control_value(const uint8_t *legacy, enum x87_control which)
{
    switch (which) {
    case X87_FCTRL:
        return legacy_word(legacy, 0, 2);
    case X87_FSTAT:
        return legacy_word(legacy, 2, 2);
    case X87_FTAG:
        return full_tag_word(legacy);
    case X87_FOP:
        return legacy_word(legacy, 6, 2) & 0x7ff;
    case X87_FIOFF:
        return legacy_word(legacy, 8, 4);
    case X87_FISEG:
        return legacy_word(legacy, 12, 2);
    case X87_FOOFF:
        return legacy_word(legacy, 16, 4);
    case X87_FOSEG:
        return legacy_word(legacy, 20, 2);
    case X87_MXCSR:
        return legacy_word(legacy, 24, 4);
    }
    return 0;
}

static uint32_t x87_initial_value(enum x87_control which)
{
    if (which == X87_FCTRL)
        return X87_INITIAL_CONTROL;
    return which == X87_FTAG ? X87_ALL_EMPTY : 0;
}

bool gdb_xsave_register(const struct gdb_register *reg, const uint8_t *xsave, size_t size,
                        uint8_t value[GDB_REGISTER_BYTES])
{
    unsigned component = component_of(reg->place);
    memset(value, 0, GDB_REGISTER_BYTES);
    if (size < XSTATE_BV_OFFSET)
        return false;
    bool used = in_use(xsave, size, component);
    if (reg->place == GDB_X87_CONTROL) {
        enum x87_control which = (enum x87_control)reg->offset;
        bool stored = used || which == X87_MXCSR;
        uint32_t word = stored ? x87_control_value(xsave, which) : x87_initial_value(which);
        memcpy(value, &word, sizeof(word));
        return true;
    }
    if (!used)
        return true;
    size_t offset = component_offset(component) + reg->offset;
    if (offset > size || reg->bits / 8 > size - offset)
        return false;
    memcpy(value, xsave + offset, reg->bits / 8);
    return true;
}
