#include "engine/fastpath/window_walk.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/fastpath/window.h"
#include "engine/fastpath/window_insn.h"

/* `target` bytes from the place that is `to_site` bytes before the site. */
static void add_target(struct approach *approach, int64_t to_site, int64_t target)
{
    uint64_t back = (uint64_t)to_site - (uint64_t)target;
    if (back <= WINDOW_BYTES_MAX)
        approach->targets |= 1u << back;
}

static void add_insn(struct approach *approach, const struct window_insn *insn, int64_t to_site)
{
    if (insn->has_target)
        add_target(approach, to_site, insn->target);
    if (insn->is_landing)
        add_target(approach, to_site, 0);
    approach->by_table = approach->by_table || insn->jumps_by_table;
}

/* --- Offsets of 32 bits, anywhere -------------------------------------------------------------
 *
 * A byte more or less does not matter: that four of them happen to lead to just these places is as
 * good as impossible. So no instruction is missed because something before it is not code. */

#define OFFSET_BYTES 4

#define BLOCK_BYTES 1024

static bool has_offset(const uint8_t *bytes, size_t at)
{
    bool is_branch = at >= 1 && (bytes[at - 1] & 0xfe) == 0xe8; /* call, jmp */
    bool is_conditional = at >= 2 && bytes[at - 2] == 0x0f && (bytes[at - 1] & 0xf0) == 0x80;
    bool is_address = at >= 2 && bytes[at - 2] == 0x8d && (bytes[at - 1] & 0xc7) == 0x05; /* lea */
    return is_branch || is_conditional || is_address;
}

/* `to_site`: from `at`. */
static void add_far(struct approach *approach, const uint8_t *bytes, size_t at, int64_t to_site)
{
    int32_t offset;
    memcpy(&offset, bytes + at, sizeof(offset));
    int64_t target = OFFSET_BYTES + (int64_t)offset;
    if ((uint64_t)(to_site - target) <= WINDOW_BYTES_MAX && has_offset(bytes, at))
        add_target(approach, to_site, target);
}

/* Whether anything may come of the block's bytes and the three behind them: loops that the compiler
 * makes vectors of, since programs have megabytes of code. */
static bool may_have_far(const uint8_t *bytes, uint32_t to_site)
{
    uint32_t any = 0;
    for (uint32_t phase = 0; phase < OFFSET_BYTES; phase++) {
        const uint8_t *from = bytes + phase;
        uint32_t base = to_site - phase - OFFSET_BYTES;
        for (uint32_t i = 0; i < BLOCK_BYTES / OFFSET_BYTES; i++) {
            uint32_t offset;
            memcpy(&offset, from + (size_t)OFFSET_BYTES * i, sizeof(offset));
            any |= base - OFFSET_BYTES * i - offset <= WINDOW_BYTES_MAX;
        }
    }
    return any;
}

void approach_add_far(struct approach *approach, const uint8_t *bytes, size_t size, int64_t to_site)
{
    size_t at = 0;
    while (at + OFFSET_BYTES <= size) {
        bool is_block = size - at >= BLOCK_BYTES + OFFSET_BYTES;
        size_t end = is_block ? at + BLOCK_BYTES : size - OFFSET_BYTES + 1;
        if (is_block && !may_have_far(bytes + at, (uint32_t)(to_site - (int64_t)at)))
            at = end;
        for (; at < end; at++)
            add_far(approach, bytes, at, to_site - (int64_t)at);
    }
}

#define CALL 0xe8

static void add_call(struct call_bounds *bounds, int64_t ahead)
{
    if (ahead <= 0 && (uint64_t)-ahead < bounds->before)
        bounds->before = (uint64_t)-ahead;
    if (ahead > 0 && (uint64_t)ahead < bounds->behind)
        bounds->behind = (uint64_t)ahead;
}

void call_bounds_add(struct call_bounds *bounds, const uint8_t *bytes, size_t size, int64_t to_site)
{
    for (size_t at = 0; at + 1 + OFFSET_BYTES <= size; at++) {
        if (bytes[at] != CALL)
            continue;
        int32_t offset;
        memcpy(&offset, bytes + at + 1, sizeof(offset));
        add_call(bounds, (int64_t)at + 1 + OFFSET_BYTES + offset - to_site);
    }
}

/* --- Without functions ----------------------------------------------------------------------- */

#define STARTS_TRIED 4

/* Zeros are padding; decoded, they would swallow the first byte of what follows. */
static size_t skip_zeros(const uint8_t *bytes, size_t at, size_t end)
{
    size_t behind = at;
    while (behind < end && bytes[behind] == 0)
        behind++;
    return behind - at >= 4 ? behind : at;
}

struct code {
    const uint8_t *bytes;
    size_t size, site;
    struct approach *approach;
};

/* Decodes [start, end). Where before `end` the instructions start that lead up to it in a row: bit
 * n for n bytes before; 0 if one goes over the end. */
static uint32_t sweep(const struct code *code, size_t start, size_t end)
{
    struct window_insn insn;
    uint32_t starts = 0;
    size_t at = start;
    while (at < end) {
        size_t behind = skip_zeros(code->bytes, at, end);
        if (behind > at || !window_insn_decode(code->bytes + at, code->size - at, &insn) ||
            insn.is_privileged) {
            at = behind > at ? behind : at + 1;
            starts = 0;
            continue;
        }
        if (end - at <= WINDOW_BYTES_MAX)
            starts |= 1u << (end - at);
        add_insn(code->approach, &insn, (int64_t)code->site - (int64_t)at);
        at += insn.length;
    }
    return at == end ? starts : 0;
}

/* Whether there are bytes enough for a sweep to fall into step. */
static bool may_sweep(const struct code *code)
{
    return code->site >= SWEEP_LEAD_MIN && code->site < code->size;
}

/* What all sweeps agree on as leading up to the site: bits as of sweep(); 0: they do not. */
static uint32_t sweep_up(const struct code *code)
{
    static const size_t leads[] = {SWEEP_LEAD, 256, SWEEP_LEAD_MIN};
    uint32_t agreed = 0;
    if (!may_sweep(code))
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(leads) * STARTS_TRIED; i++) {
        size_t lead = leads[i / STARTS_TRIED] < code->site ? leads[i / STARTS_TRIED] : code->site;
        uint32_t starts = sweep(code, code->site - lead + i % STARTS_TRIED, code->site);
        if (i && starts != agreed)
            return 0;
        agreed = starts;
    }
    return agreed;
}

static void take_swept(const struct code *code)
{
    struct approach *approach = code->approach;
    uint32_t starts = sweep_up(code);
    for (uint8_t back = 1; back <= WINDOW_BYTES_MAX && approach->count < APPROACH_INSNS_MAX; back++)
        if (starts & 1u << back)
            approach->back[approach->count++] = back;
}

void approach_by_sweep(const uint8_t *bytes, size_t size, size_t site, struct approach *ret)
{
    const struct code code = {bytes, size, site, ret};
    *ret = (struct approach){.by_table = true};
    take_swept(&code);
}

/* --- Along a function's branches ------------------------------------------------------------- */

struct walk {
    const uint8_t *bytes;
    size_t size, site;
    uint8_t *length; /* of the instruction that starts there; 0: none was come to */
    bool *within;    /* one that was come to covers the byte */
    bool *pushed;
    uint32_t *pending; /* targets yet to be followed; each is there once */
    size_t pending_count;
    struct approach *approach;
};

static void push(struct walk *walk, size_t at, int64_t target)
{
    uint64_t to = (uint64_t)at + (uint64_t)target;
    if (to >= walk->size || walk->pushed[to])
        return;
    walk->pushed[to] = true;
    walk->pending[walk->pending_count++] = (uint32_t)to;
}

/* One straight piece of code, to its end or to what was seen already. What an instruction only has
 * the address of may be data, or another function: it is not followed. */
static void follow(struct walk *walk, size_t at)
{
    struct window_insn insn;
    while (at < walk->size && !walk->length[at] &&
           window_insn_decode(walk->bytes + at, walk->size - at, &insn)) {
        walk->length[at] = insn.length;
        memset(walk->within + at, true, insn.length);
        add_insn(walk->approach, &insn, (int64_t)walk->site - (int64_t)at);
        if (insn.is_branch)
            push(walk, at, insn.target);
        if (insn.ends)
            return;
        at += insn.length;
    }
}

static void follow_all(struct walk *walk, size_t start)
{
    follow(walk, start);
    while (walk->pending_count)
        follow(walk, walk->pending[--walk->pending_count]);
}

/* Only what ends at the same place may come in twos: by a jump over a prefix. Then there is no
 * telling. */
static size_t before(const struct walk *walk, size_t at)
{
    size_t found = 0;
    for (size_t back = 1; back <= at && back < 16; back++) {
        if (walk->length[at - back] != back)
            continue;
        if (found)
            return 0;
        found = back;
    }
    return found;
}

static void take_approach(const struct walk *walk)
{
    struct approach *approach = walk->approach;
    size_t at = walk->site;
    while (approach->count < APPROACH_INSNS_MAX && walk->site - at < WINDOW_BYTES_MIN) {
        size_t length = before(walk, at);
        if (!length)
            return;
        at -= length;
        approach->back[approach->count++] = (uint8_t)(walk->site - at);
    }
}

/* What tables lead to is in the gaps; and if there are constants in them, what these are taken for
 * can only forbid something. */
static void follow_gaps(struct walk *walk)
{
    for (size_t at = 0; at < walk->size; at++)
        if (!walk->within[at])
            follow_all(walk, at);
}

/* Whether sweeps see the same instructions. Where a function starts is not always true: glibc's
 * __restore_rt has a byte too much before it in .eh_frame, for unwinders' sake. */
static bool sweeps_agree(const struct code *code, const struct approach *approach)
{
    uint32_t walked = 0;
    for (size_t i = 0; i < approach->count; i++)
        walked |= 1u << approach->back[i];
    uint32_t within = approach->count ? (2u << approach->back[approach->count - 1]) - 1 : 0;
    return !may_sweep(code) || (sweep_up(code) & within) == walked;
}

static void walk_function(struct walk *walk, const struct code *before_too)
{
    struct approach *approach = walk->approach, unused = {0};
    struct code code = *before_too;
    follow_all(walk, 0);
    if (walk->length[walk->site]) {
        take_approach(walk);
        code.approach = &unused; /* what is outside the function does not lead into it so near */
        if (!sweeps_agree(&code, approach))
            approach->count = 0;
    } else { /* a table leads there, or an exception, or a pointer does */
        take_swept(&code);
    }
    follow_gaps(walk);
}

struct error *approach_in_function(const uint8_t *bytes, size_t size, size_t start, size_t site,
                                   struct approach *ret)
{
    const struct code code = {bytes, size, site, ret};
    *ret = (struct approach){0};
    if (site >= size || start > site)
        return NULL;
    size_t length = size - start;
    CLEANUP(free) uint8_t *lengths = calloc(length, sizeof(*lengths));
    CLEANUP(free) bool *flags = calloc(length, 2 * sizeof(*flags));
    CLEANUP(free) uint32_t *pending = calloc(length, sizeof(*pending));
    if (!lengths || !flags || !pending)
        return &err_no_memory;
    struct walk walk = {
        .bytes = bytes + start,
        .size = length,
        .site = site - start,
        .length = lengths,
        .within = flags,
        .pushed = flags + length,
        .pending = pending,
        .approach = ret,
    };
    walk_function(&walk, &code);
    return NULL;
}
