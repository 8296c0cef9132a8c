/*
 * The vector state as a value. The kernel's XSAVE area (tracee_get_xsave()) is not one: which
 * components are in use changes by itself across context switches, and what the area holds for one
 * that is not is undefined (Intel SDM volume 1, 13.4 and 13.6).
 */
#ifndef REEL_TRACEE_XSAVE_H
#define REEL_TRACEE_XSAVE_H

#include "engine/base/types.h"

/* Where the registers begin in the area: the x87's, from 160 on the SSE's. */
#define XSAVE_REGISTERS 32
#define XSAVE_SSE_REGISTERS 160

/*
 * Makes two areas that hold the same registers the same bytes: components that are not in use get
 * their initial values; cleared are the header, reserved and unused bytes, and the x87 last
 * instruction's opcode and pointers (they tell where code was executed, in a code cache for one).
 * An area shorter than the legacy region and the header is cleared.
 */
void xsave_plain(uint8_t *bytes, size_t size);

#endif
