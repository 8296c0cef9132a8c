/*
 * UTF-8 from strangers: names in a trace are bytes, and most but not all are UTF-8 (RFC 3629).
 */
#ifndef REEL_COMMANDS_UTF8_H
#define REEL_COMMANDS_UTF8_H

#include "engine/base/types.h"

/* The length in bytes of the valid character at `at`, which has `left` bytes, and its code; 0 when
 * there is none: cut, overlong, a surrogate, or beyond U+10FFFF. */
size_t utf8_character(const char *at, size_t left, uint32_t *code);

#endif
