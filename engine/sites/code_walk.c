#include "engine/sites/code_walk.h"

#include <stdlib.h>

#include "engine/sites/code_insn.h"

/* --- Along a function's branches ------------------------------------------------------------- */

enum visited { UNSEEN, PENDING, STARTS, WITHIN };

struct walk {
    const uint8_t *bytes;
    size_t size;
    uint64_t base;
    uint8_t *visited; /* enum visited, for each byte */
    size_t *pending;  /* branch targets; each is there once */
    size_t pending_count;
    bool has_table;
    struct site_list *sites;
};

static void push(struct walk *walk, size_t at, int64_t target)
{
    uint64_t to = at + (uint64_t)target;
    if (to >= walk->size || walk->visited[to] != UNSEEN)
        return;
    walk->visited[to] = PENDING;
    walk->pending[walk->pending_count++] = to;
}

static void mark(struct walk *walk, size_t at, size_t length)
{
    walk->visited[at] = STARTS;
    for (size_t i = 1; i < length; i++)
        walk->visited[at + i] = WITHIN;
}

/* One straight piece of code, to its end or to what was seen already. */
static struct error *follow(struct walk *walk, size_t at)
{
    struct code_insn insn;
    while (at < walk->size && walk->visited[at] <= PENDING &&
           code_insn_decode(walk->bytes + at, walk->size - at, &insn)) {
        mark(walk, at, insn.length);
        if (insn.is_site) {
            struct site site = {walk->base + at, insn.length, walk->bytes[at]};
            struct error *error = site_list_add(walk->sites, &site);
            if (error)
                return error;
        }
        if (insn.flow == CODE_BRANCHES || insn.flow == CODE_JUMPS)
            push(walk, at, insn.target);
        walk->has_table = walk->has_table || insn.flow == CODE_JUMPS_BY_TABLE;
        if (insn.flow != CODE_GOES_ON && insn.flow != CODE_BRANCHES)
            return NULL;
        at += insn.length;
    }
    return NULL;
}

static struct error *follow_all(struct walk *walk, size_t start)
{
    struct error *error = follow(walk, start);
    while (!error && walk->pending_count)
        error = follow(walk, walk->pending[--walk->pending_count]);
    return error;
}

/* A table may lead to any piece that was not come by. */
static struct error *follow_gaps(struct walk *walk)
{
    struct error *error = NULL;
    for (size_t at = 0; !error && walk->has_table && at < walk->size; at++)
        if (walk->visited[at] == UNSEEN)
            error = follow_all(walk, at);
    return error;
}

struct error *code_walk_function(const uint8_t *bytes, size_t size, uint64_t base,
                                 struct site_list *ret)
{
    struct walk walk = {.bytes = bytes, .size = size, .base = base, .sites = ret};
    walk.visited = calloc(size + 1, sizeof(*walk.visited));
    walk.pending = calloc(size + 1, sizeof(*walk.pending));
    struct error *error = walk.visited && walk.pending ? NULL : &err_no_memory;
    if (!error)
        error = follow_all(&walk, 0);
    if (!error)
        error = follow_gaps(&walk);
    free(walk.visited);
    free(walk.pending);
    return error;
}

/* --- Without functions ----------------------------------------------------------------------- */

#define LEAD 4096  /* bytes before the candidate that are decoded */
#define IN_STEP 64 /* from that many bytes on, every starting point must have fallen into step */
#define STARTS_TRIED 4
#define VALID_BEFORE 8
#define VALID_BEHIND 4

/* Zeros are padding; decoded, they would swallow the first byte of what follows. */
static size_t skip_zeros(const uint8_t *bytes, size_t at, size_t end)
{
    size_t behind = at;
    while (behind < end && bytes[behind] == 0)
        behind++;
    return behind - at >= 4 ? behind : at;
}

/* Decodes from `start`: false if what comes to the candidate is not a site, or not code. */
static bool comes_to(const uint8_t *bytes, size_t size, size_t start, size_t candidate,
                     struct site *ret)
{
    struct code_insn insn;
    size_t valid = 0;
    bool all_valid = true;
    for (size_t at = start; at <= candidate;) {
        size_t behind = skip_zeros(bytes, at, candidate);
        if (behind > at) {
            at = behind;
        } else if (!code_insn_decode(bytes + at, size - at, &insn) || insn.is_privileged) {
            all_valid = false;
            valid = 0;
            at++;
        } else if (at + insn.length > candidate) {
            *ret = (struct site){at, insn.length, bytes[at]};
            return insn.is_site && (all_valid || valid >= VALID_BEFORE);
        } else {
            valid++;
            at += insn.length;
        }
    }
    return false;
}

static bool goes_on_as_code(const uint8_t *bytes, size_t size, size_t at)
{
    struct code_insn insn;
    for (int i = 0; i < VALID_BEHIND && at < size; i++) {
        if (!code_insn_decode(bytes + at, size - at, &insn) || insn.is_privileged)
            return false;
        if (insn.flow != CODE_GOES_ON && insn.flow != CODE_BRANCHES)
            return true;
        at += insn.length;
    }
    return true;
}

bool code_sweep_to(const uint8_t *bytes, size_t size, size_t candidate, struct site *ret)
{
    size_t start = candidate > LEAD ? candidate - LEAD : 0;
    struct site other;
    if (!comes_to(bytes, size, start, candidate, ret) ||
        !goes_on_as_code(bytes, size, ret->address + ret->length))
        return false;
    for (size_t i = 1; i < STARTS_TRIED && start + i + IN_STEP <= candidate; i++)
        if (!comes_to(bytes, size, start + i, candidate, &other) || other.address != ret->address)
            return false;
    return true;
}
