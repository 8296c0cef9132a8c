#include "engine/fastpath/window.h"

#include "engine/fastpath/window_insn.h"
#include "engine/fastpath/window_pick.h"

bool window_is_site(const uint8_t *bytes, size_t size, size_t site)
{
    return size >= 2 && site <= size - 2 && bytes[site] == 0x0f && bytes[site + 1] == 0x05;
}

static bool may_move(const uint8_t *bytes, size_t size, size_t at, size_t end)
{
    struct window_insn insn;
    return window_insn_decode(bytes + at, size - at, &insn) && at + insn.length == end &&
           insn.move != MOVE_NEVER;
}

/* Bits 1 to length - 1: the bytes between the start and the site. */
static bool has_target_within(const struct approach *approach, uint8_t length)
{
    return approach->targets & ((1u << length) - 2);
}

uint8_t window_pick(const struct approach *approach, const uint8_t *bytes, size_t size, size_t site)
{
    size_t end = site;
    for (size_t i = 0; i < approach->count; i++) {
        uint8_t length = approach->back[i];
        if (length > site || length > WINDOW_BYTES_MAX ||
            !may_move(bytes, size, site - length, end))
            return 0;
        if (length >= WINDOW_BYTES_MIN)
            return has_target_within(approach, length) || (approach->by_table && i) ? 0 : length;
        end = site - length;
    }
    return 0;
}

struct error *window_approach(const uint8_t *bytes, size_t size, size_t site,
                              const struct call_bounds *bounds, struct approach *ret)
{
    bool is_between = bounds->before <= site && bounds->behind <= size - site &&
                      bounds->before + bounds->behind <= BETWEEN_CALLS_MAX;
    if (is_between)
        return approach_in_function(bytes, site + bounds->behind, site - bounds->before, site, ret);
    approach_by_sweep(bytes, size, site, ret);
    return NULL;
}

struct error *windows_in_memory(const uint8_t *code, size_t size, size_t site, struct window *ret)
{
    struct approach approach;
    struct call_bounds bounds = {UINT64_MAX, UINT64_MAX};
    *ret = (struct window){0};
    if (!window_is_site(code, size, site) || site < SWEEP_LEAD_MIN)
        return NULL;
    call_bounds_add(&bounds, code, size, (int64_t)site);
    struct error *error = window_approach(code, size, site, &bounds, &approach);
    if (error)
        return error;
    approach_add_far(&approach, code, size, (int64_t)site);
    ret->length = window_pick(&approach, code, size, site);
    ret->start = site - ret->length;
    return NULL;
}
