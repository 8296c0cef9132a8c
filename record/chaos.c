#include "record/chaos.h"

#define ALWAYS 1024

/* splitmix64 (Steele, Lea, Flood 2014): any state is a good one, near seeds give far sequences. */
static uint64_t next(struct chaos *chaos)
{
    uint64_t z = chaos->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t chaos_below(struct chaos *chaos, uint64_t bound)
{
    return next(chaos) % bound; /* the bias is far below what a schedule could show */
}

static bool happens(struct chaos *chaos, unsigned rate)
{
    return chaos_below(chaos, ALWAYS) < rate;
}

/* Even over orders of magnitude, so that the small ones get their share. */
static uint64_t spread(struct chaos *chaos, uint64_t least, uint64_t most)
{
    unsigned doublings = 0;
    while (most >> doublings > least)
        doublings++;
    uint64_t base = least << chaos_below(chaos, doublings + 1);
    uint64_t value = base + chaos_below(chaos, base);
    return value < most ? value : most;
}

/* --- Style ----------------------------------------------------------------------------------- */

static unsigned rate(struct chaos *chaos, unsigned smallest_shift, unsigned shifts)
{
    return ALWAYS >> (smallest_shift + chaos_below(chaos, shifts));
}

static void choose_style(struct chaos *chaos)
{
    struct chaos_style *style = &chaos->style;
    *style = (struct chaos_style){0};
    style->lose_after_call = rate(chaos, 0, 9);
    style->starving_bits = 3 + (unsigned)chaos_below(chaos, CHAOS_STARVING_BITS_MAX - 2);
    if (chaos_below(chaos, 8))
        style->spots = chaos_below(chaos, 2) ? ALWAYS : rate(chaos, 1, 3);
    /* Most of these bugs need one or two stops at the right places, and no others. */
    style->stops = rate(chaos, 0, 6);
    if (!chaos_below(chaos, 2)) {
        style->delays = rate(chaos, 2, 6);
        style->delay_most = 50000u << chaos_below(chaos, 10);
    }
    if (!style->spots || chaos_below(chaos, 2)) {
        style->slice_least = 20000u << chaos_below(chaos, 6);
        style->slice_most = style->slice_least << chaos_below(chaos, 8);
    }
}

void chaos_init(struct chaos *chaos, uint64_t seed)
{
    *chaos = (struct chaos){.on = true, .state = seed};
    choose_style(chaos);
}

void chaos_fork(struct chaos *child, struct chaos *parent)
{
    *child = *parent;
    if (parent->on)
        child->state = next(parent);
}

/* --- Who ------------------------------------------------------------------------------------- */

/* A window that was hit is to stay open while others do several steps. */
#define STARVE_LEAST_AT_POINT 8
#define STARVE_LEAST 2

static void starve(struct chaos *chaos, struct chaos_task *task, uint64_t least)
{
    uint64_t most = 1ull << chaos->style.starving_bits;
    task->starves_until = chaos->clock + spread(chaos, least, least < most ? most : least);
}

static bool delay(struct chaos *chaos, struct chaos_task *task, uint64_t now)
{
    if (!happens(chaos, chaos->style.delays))
        return false;
    task->not_before = now + spread(chaos, 10000, chaos->style.delay_most);
    return true;
}

void chaos_woken(struct chaos *chaos, struct chaos_task *task, uint64_t now)
{
    if (!task->priority)
        task->priority = 1 + (uint32_t)chaos_below(chaos, UINT32_MAX);
    if (!delay(chaos, task, now) && !chaos_below(chaos, 4))
        starve(chaos, task, STARVE_LEAST);
}

void chaos_loses(struct chaos *chaos, struct chaos_task *task, bool at_point)
{
    task->priority = 1 + (uint32_t)chaos_below(chaos, UINT32_MAX);
    task->passed_over = 0;
    starve(chaos, task, at_point ? STARVE_LEAST_AT_POINT : STARVE_LEAST);
}

bool chaos_waits_alone(struct chaos *chaos, struct chaos_task *task, uint64_t now)
{
    return delay(chaos, task, now);
}

bool chaos_starves(const struct chaos *chaos, const struct chaos_task *task)
{
    return task->starves_until > chaos->clock && task->passed_over <= CHAOS_PASSED_OVER_MAX;
}

/* Whether `a` comes before `b`. */
static bool comes_first(const struct chaos *chaos, const struct chaos_task *a,
                        const struct chaos_task *b)
{
    if ((a->passed_over > CHAOS_PASSED_OVER_MAX) != (b->passed_over > CHAOS_PASSED_OVER_MAX))
        return a->passed_over > CHAOS_PASSED_OVER_MAX;
    bool a_starves = a->starves_until > chaos->clock, b_starves = b->starves_until > chaos->clock;
    if (a_starves != b_starves)
        return b_starves;
    return a_starves ? a->starves_until < b->starves_until : a->priority > b->priority;
}

size_t chaos_choose(struct chaos *chaos, struct chaos_task *const *tasks, size_t count,
                    uint64_t now, uint64_t *retry)
{
    size_t best = count;
    *retry = UINT64_MAX;
    chaos->clock++;
    for (size_t i = 0; i < count; i++) {
        if (tasks[i]->not_before > now) {
            if (tasks[i]->not_before < *retry)
                *retry = tasks[i]->not_before;
            continue;
        }
        tasks[i]->passed_over++;
        if (best == count || comes_first(chaos, tasks[i], tasks[best]))
            best = i;
    }
    if (best < count)
        tasks[best]->passed_over = 0;
    return best;
}

/* --- When ------------------------------------------------------------------------------------ */

bool chaos_lose_after_call(struct chaos *chaos)
{
    chaos->clock++;
    return happens(chaos, chaos->style.lose_after_call);
}

uint64_t chaos_slice(struct chaos *chaos)
{
    if (!chaos->style.slice_least)
        return 0;
    return spread(chaos, chaos->style.slice_least, chaos->style.slice_most);
}

enum chaos_slice_end chaos_slice_ends(struct chaos *chaos)
{
    chaos->clock += CHAOS_SLICE_TICKS;
    return chaos->style.spots && chaos_below(chaos, 2) ? CHAOS_STOP_NEAR : CHAOS_STOP_HERE;
}

/* --- Where ----------------------------------------------------------------------------------- */

bool chaos_sets_spots(struct chaos *chaos)
{
    return happens(chaos, chaos->style.spots);
}

enum chaos_spot chaos_at_spot(struct chaos *chaos)
{
    chaos->clock++;
    if (happens(chaos, chaos->style.stops))
        return chaos_below(chaos, 8) ? CHAOS_STOP : CHAOS_CREEP;
    return chaos_below(chaos, 2) ? CHAOS_PASS : CHAOS_MOVE;
}
