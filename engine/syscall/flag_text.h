/*
 * Names of flags and of enumerated arguments. flags.def has a row a name:
 *
 *   SET(OPEN)                            starts a set: FLAG_SET_OPEN
 *   FIELD(OPEN, mask, value)             the bits of `mask` are `value` (O_RDONLY of O_ACCMODE)
 *   BIT(OPEN, value)                     all bits of `value` are set
 *   VALUE(WHENCE, value)                 the whole argument is `value`
 */
#ifndef REEL_SYSCALL_FLAG_TEXT_H
#define REEL_SYSCALL_FLAG_TEXT_H

#include "engine/base/bytes.h"

enum flag_set {
#define SET(set) FLAG_SET_##set,
#define FIELD(set, mask, value)
#define BIT(set, value)
#define VALUE(set, value)
#include "engine/syscall/flags.def"
#undef SET
#undef FIELD
#undef BIT
#undef VALUE
};

/* "O_WRONLY|O_CREAT|0x8000000": names, then what has none in hexadecimal; "0" for no flags. */
void flag_text(struct buffer *buffer, enum flag_set set, uint32_t value);

#endif
