/* The table of registers (gdb_registers.def), which target.xml and the `g` packet are made of. */
#ifndef REEL_REPLAY_GDB_REGISTERS_H
#define REEL_REPLAY_GDB_REGISTERS_H

#include "engine/base/types.h"
#include "trace-format/header.h"

enum gdb_feature {
    GDB_CORE,
    GDB_SSE,
    GDB_LINUX,
    GDB_SEGMENTS,
    GDB_AVX,
    GDB_AVX512,
    GDB_PKEYS,
    GDB_FEATURES
};

enum gdb_place {
    GDB_GENERAL,
    GDB_X87,
    GDB_X87_CONTROL,
    GDB_SSE_REGISTERS,
    GDB_AVX_HIGH,
    GDB_OPMASK,
    GDB_ZMM_HIGH,
    GDB_ZMM_UPPER,
    GDB_PKRU,
};

enum x87_control {
    X87_FCTRL,
    X87_FSTAT,
    X87_FTAG,
    X87_FISEG,
    X87_FIOFF,
    X87_FOSEG,
    X87_FOOFF,
    X87_FOP,
    X87_MXCSR,
};

struct gdb_register {
    const char *name;
    unsigned bits;
    const char *type;
    const char *group; /* "" for gdb's choice */
    enum gdb_feature feature;
    enum gdb_place place;
    unsigned offset;
};

#define GDB_REGISTER_BYTES 32 /* the largest register */

extern const struct gdb_register gdb_registers[];
extern const size_t gdb_register_count;

/* Whether a recording made with these CPU features has the registers of `feature`. */
bool gdb_has_feature(const struct cpu_features *features, enum gdb_feature feature);

/* The value of a register out of an XSAVE area in the standard layout. False: the area is too short
 * to hold it. */
bool gdb_xsave_register(const struct gdb_register *reg, const uint8_t *xsave, size_t size,
                        uint8_t value[GDB_REGISTER_BYTES]);

#endif
