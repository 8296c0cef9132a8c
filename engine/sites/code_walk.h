/*
 * Which candidates are instructions.
 *
 * Where the start of a function is known, its code is followed from there, along its branches: what
 * lies between functions, or behind an unconditional jump that nothing leads to, may be constants
 * and is left alone. Only where the function jumps by a table (which is not looked at), is what
 * lies between its pieces taken for code as well.
 *
 * Without functions the code before a candidate is decoded from several starting points. x86 code
 * falls into step within a few instructions, wherever one begins; a candidate counts if all of them
 * come to it as an instruction, and what follows is code too. Better to miss one (its answer is
 * then not recorded) than to break a program's constant.
 */
#ifndef REEL_SITES_CODE_WALK_H
#define REEL_SITES_CODE_WALK_H

#include "engine/sites/site_list.h"

/* The sites of the function of `size` bytes that stands at `bytes`; their addresses get `base`
 * added. */
struct error *code_walk_function(const uint8_t *bytes, size_t size, uint64_t base,
                                 struct site_list *ret) MUST_CHECK;

/* Whether the candidate (code_find_candidate) in code without functions is a site: its place in
 * `bytes`, which may be some prefixes before the candidate. */
bool code_sweep_to(const uint8_t *bytes, size_t size, size_t candidate, struct site *ret);

#endif
