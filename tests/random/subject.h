/*
 * What sequences run in: a traced process with the places mapped and nothing else to do, and the
 * counting engine in it. Any error ends the program: it is a test.
 */
#ifndef REEL_TESTS_SUBJECT_H
#define REEL_TESTS_SUBJECT_H

#include "engine/translate/translator.h"
#include "tests/random/sequence.h"

struct subject {
    struct tracee *tracee;
    struct translator *translator;
    size_t xsave_size;
};

/* All that a program can see, but for what differs from run to run (state.c). */
struct state {
    struct user_regs_struct regs;
    uint8_t xsave[XSAVE_MAX];
    uint8_t data[DATA_BYTES], stack[STACK_BYTES];
};

/* How a run ended, and with what state. */
struct outcome {
    struct run_result result;
    char error[160]; /* empty if it was none */
    struct state state;
};

enum way { BY_STEPS, BY_ENGINE };

void subject_open(struct subject *ret);
void subject_close(struct subject *subject);

/* Puts the code of sequences into their slots. */
void subject_load(struct subject *subject, const struct sequence *sequences, size_t count);

/* Gives it the state that the sequence starts from. */
void subject_reset(struct subject *subject, const struct sequence *sequence);

/* Runs it, and reads its state. */
void subject_run(struct subject *subject, const struct sequence *sequence, enum way way,
                 const struct run_conditions *conditions, uint64_t limit, struct outcome *ret);

/* An XSAVE area with every component in use and values that follow from the seed. `bytes` holds one
 * of the processor's. */
void state_draw_xsave(uint64_t seed, uint8_t *bytes, size_t size);

bool state_same(const struct state *a, const struct state *b);

/* Prints where they differ. */
void state_print_differences(const struct state *steps, const struct state *engine);

#endif
