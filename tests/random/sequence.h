/*
 * A sequence: machine code and a state to start from, both made up from a seed.
 *
 * The code is a list of items, an instruction each. References from one to another (branches,
 * entries of the table of code pointers) are kept apart from the bytes, so that items can be taken
 * out and the rest still makes sense: that is how a failing sequence is made smaller.
 *
 *   a slot of the code area:   items: straight, with loops and branches; an end; small functions
 *                              SLOT_TABLE: POINTERS addresses of items, for indirect branches
 *   data, stack                DATA_BYTES and STACK_BYTES, with nothing mapped around them
 *
 * In the low place all addresses fit into 31 bits: absolute operands and the prefix 67 reach them.
 */
#ifndef REEL_TESTS_SEQUENCE_H
#define REEL_TESTS_SEQUENCE_H

#include <stddef.h>
#include <sys/user.h>

#include "tests/random/chance.h"

#define SLOT_BYTES 2048
#define SLOT_TABLE 1792
#define SLOTS 256
#define CODE_BYTES (SLOTS * SLOT_BYTES)
#define DATA_BYTES 8192
#define STACK_BYTES 4096
#define POINTERS 16
#define ITEMS_MAX 96
#define FUNCTIONS_MAX 4
#define INSN_MAX 15

struct place {
    uint64_t code, data, stack;
};

#define PLACES 2
extern const struct place places[PLACES];

/* What the 32 (or 8) bits at `at` of an item are an offset to, from the end of the item. */
enum reference {
    REFERS_TO_NOTHING,
    REFERS_TO_ITEM,     /* number `to` */
    REFERS_TO_FUNCTION, /* number `to`; becomes an item once the functions are drawn */
    REFERS_TO_POINTER,  /* entry `to` of the table of code pointers */
    REFERS_TO_DATA,     /* byte `to` of the data */
};

struct item {
    uint8_t bytes[INSN_MAX + 1];
    uint8_t length; /* 0: taken out */
    uint8_t at, width;
    uint8_t reference; /* enum reference */
    uint16_t to;
    bool glued; /* to the one before: no branch leads here */
};

struct sequence {
    uint64_t seed;
    uint32_t place, slot;
    struct item items[ITEMS_MAX];
    size_t count;
    uint16_t pointers[POINTERS]; /* items */
    uint32_t cut;                /* instructions after which it is cut once */
    struct user_regs_struct regs;
    uint8_t data[DATA_BYTES], stack[STACK_BYTES];
    uint64_t xsave_seed;
};

/* Makes up the sequence of the seed. What it has depends on the processor's features, too. */
void sequence_draw(uint64_t seed, struct sequence *ret);

uint64_t sequence_address(const struct sequence *sequence);

/* The slot's bytes. */
void sequence_code(const struct sequence *sequence, uint8_t code[SLOT_BYTES]);

/* Prints the instructions that are left, with their addresses. */
void sequence_print(const struct sequence *sequence);

#endif
