/*
 * The counting engine: runs the task of a vessel for exactly N instructions or to a condition, at a
 * small multiple of native speed, by translating its code into blocks that count.
 *
 * It takes the place of single steps where there is a distance to go, and gives the same answer as
 * they do: they are its oracle (tests/oracle.c), and execute what it does not translate.
 *
 * Code in private mappings without write permission can be changed by an event only, and the engine
 * is told of those (translator_forget). Blocks of other code check that it is what it was
 * (code_check.h).
 *
 * CAVEATS: Watches are debug registers; where they do not fit, everything is stepped.
 */
#ifndef REEL_TRANSLATE_TRANSLATOR_H
#define REEL_TRANSLATE_TRANSLATOR_H

#include "engine/count/run.h"

struct translator;

/* Maps [address, address + length) in the task, readable, writable and, if asked, executable. */
typedef struct error *(*translator_map)(void *context, uint64_t address, uint64_t length,
                                        bool executable);

/* For the task, whose memory gets the engine's tables and code by calls of `map` now. */
struct error *translator_create(struct tracee *tracee, translator_map map, void *context,
                                struct translator **ret) MUST_CHECK;
void translator_destroy(struct translator *translator);

/* For a copy of the task (a fork), which has the same code in its memory. */
struct error *translator_fork(const struct translator *translator, struct tracee *tracee,
                              struct translator **ret) MUST_CHECK;

/* The program's memory in the range, or with `mapping` what is mapped there, has been changed from
 * outside. */
void translator_forget(struct translator *translator, taddr address, uint64_t length, bool mapping);

/* As run_counted(). */
struct error *translator_run(struct translator *translator, const struct run_conditions *conditions,
                             uint64_t limit, struct run_result *ret) MUST_CHECK;

#endif
