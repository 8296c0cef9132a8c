/*
 * Decoded instructions, remembered: paths overlap, so that one is met several times.
 *
 * What is remembered is compared with the bytes that stand there now, so that nothing needs to be
 * forgotten when code changes.
 */
#ifndef REEL_TRANSLATE_INSN_MEMO_H
#define REEL_TRANSLATE_INSN_MEMO_H

#include "engine/base/error.h"
#include "engine/translate/insn.h"

struct insn_memo;

struct error *insn_memo_create(struct insn_memo **ret) MUST_CHECK;
void insn_memo_destroy(struct insn_memo *memo); /* NULL is allowed */

/* As insn_decode(). */
void insn_memo_decode(struct insn_memo *memo, const uint8_t *bytes, size_t size, uint64_t address,
                      struct insn *ret);

#endif
