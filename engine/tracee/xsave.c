#include "engine/tracee/xsave.h"

#include <string.h>

#include "engine/tracee/cpu.h"

/* The legacy region (Intel SDM volume 1, table 13-1), and the header behind it. */
#define X87_CONTROL 0 /* 6 bytes: control, status, tag */
#define X87_POINTERS 6
#define X87_POINTERS_BYTES 18
#define MXCSR_MASK 28
#define X87_REGISTERS_BYTES 128
#define SSE_REGISTERS_BYTES 256
#define LEGACY_UNUSED 416
#define HEADER 512
#define EXTENDED 576

#define COMPONENT_X87 0
#define COMPONENT_SSE 1
#define COMPONENT_FIRST_EXTENDED 2
#define COMPONENTS 63

#define X87_CONTROL_INITIAL 0x037f

/* Each x87 register has 10 bytes in a slot of 16. */
static void clear_x87_padding(uint8_t *bytes)
{
    for (size_t slot = 0; slot < X87_REGISTERS_BYTES; slot += 16)
        memset(bytes + XSAVE_REGISTERS + slot + 10, 0, 6);
}

static void initialise_x87(uint8_t *bytes)
{
    const uint16_t control = X87_CONTROL_INITIAL;
    memset(bytes + X87_CONTROL, 0, X87_POINTERS);
    memcpy(bytes + X87_CONTROL, &control, sizeof(control));
    memset(bytes + XSAVE_REGISTERS, 0, X87_REGISTERS_BYTES);
}

struct component {
    uint32_t offset, size; /* size 0: the processor lacks it */
};

/* Asked once: hypervisors intercept cpuid. */
static const struct component *components(void)
{
    static struct component known[COMPONENTS];
    static bool asked;
    for (unsigned i = COMPONENT_FIRST_EXTENDED; !asked && i < COMPONENTS; i++) {
        struct component *component = &known[i];
        if (!cpu_xsave_component(i, &component->offset, &component->size))
            component->size = 0;
    }
    asked = true;
    return known;
}

static void clear_extended(uint8_t *bytes, size_t size, uint64_t in_use)
{
    const struct component *known = components();
    for (unsigned i = COMPONENT_FIRST_EXTENDED; i < COMPONENTS; i++) {
        if (!(in_use >> i & 1) && known[i].size && known[i].offset >= EXTENDED &&
            known[i].offset <= size && known[i].size <= size - known[i].offset)
            memset(bytes + known[i].offset, 0, known[i].size);
    }
}

void xsave_plain(uint8_t *bytes, size_t size)
{
    uint64_t in_use;
    if (size < EXTENDED) {
        memset(bytes, 0, size);
        return;
    }
    memcpy(&in_use, bytes + HEADER, sizeof(in_use));
    if (!(in_use >> COMPONENT_X87 & 1))
        initialise_x87(bytes);
    if (!(in_use >> COMPONENT_SSE & 1))
        memset(bytes + XSAVE_SSE_REGISTERS, 0, SSE_REGISTERS_BYTES);
    clear_x87_padding(bytes);
    memset(bytes + X87_POINTERS, 0, X87_POINTERS_BYTES);
    memset(bytes + MXCSR_MASK, 0, 4);
    memset(bytes + LEGACY_UNUSED, 0, EXTENDED - LEGACY_UNUSED);
    clear_extended(bytes, size, in_use);
}
