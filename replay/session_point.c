/*
 * Asynchronous points: the task runs counted, with a test compiled in at the point's instruction
 * for all registers and a few words of memory; where that holds, the whole state is compared. A
 * visit with another state is run on from.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engine/count/at_breakpoint.h"
#include "engine/count/note.h"
#include "engine/tracee/xsave.h"
#include "replay/session_private.h"

/* What a processor may execute in a nanosecond, and more. */
#define INSTRUCTIONS_PER_NS 16
#define INSTRUCTIONS_MORE 10000000ull

struct point {
    struct run_point test;
    struct run_word words[RUN_POINT_WORDS_MAX];
};

static void point_init(struct point *point, const struct event *event)
{
    point->test.words = point->words;
    point->test.word_count = 0;
    point->test.vectors = NULL;
    memcpy(&point->test.regs, &event->before, sizeof(point->test.regs));
    for (size_t i = 0; i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        if (effect->kind == EFFECT_WORD && point->test.word_count < RUN_POINT_WORDS_MAX)
            point->words[point->test.word_count++] =
                (struct run_word){.address = effect->address, .value = effect->word.value};
        if (effect->kind == EFFECT_XSAVE && effect->length >= RUN_POINT_VECTOR_BYTES)
            point->test.vectors = effect->bytes;
    }
}

/* --- The whole state ------------------------------------------------------------------------- */

static struct error *same_vectors(struct session *session, const struct effect *effect, bool *ret)
{
    uint8_t bytes[XSAVE_MAX];
    size_t size;
    struct error *error = tracee_get_xsave(vessel_tracee(session->vessel), bytes, &size);
    if (error)
        return error;
    xsave_plain(bytes, size);
    *ret = size == effect->length && memcmp(bytes, effect->bytes, size) == 0;
    return NULL;
}

struct error *session_hash(struct session *session, taddr address, uint64_t length, uint64_t *ret)
{
    uint8_t *bytes = calloc(1, length ? length : 1);
    if (!bytes)
        return &err_no_memory;
    vessel_read(session->vessel, address, bytes, length);
    *ret = XXH3_64bits(bytes, length);
    free(bytes);
    return NULL;
}

static struct error *is_here(struct session *session, bool *ret)
{
    const struct event *event = session->next;
    struct trace_regs regs;
    struct error *error = session_registers(session, event->tid, &regs);
    *ret = !error && session_same_registers(event, &regs);
    session->point_checks += *ret;
    for (size_t i = 0; !error && *ret && i < event->effect_count; i++) {
        const struct effect *effect = &event->effects[i];
        uint64_t hash;
        if (effect->kind == EFFECT_XSAVE)
            error = same_vectors(session, effect, ret);
        if (effect->kind != EFFECT_STATE || error)
            continue;
        error = session_hash(session, effect->address, effect->length, &hash);
        *ret = !error && hash == effect->check.hash;
    }
    return error;
}

/* --- The search ------------------------------------------------------------------------------ */

static void note_found(struct session *session)
{
    struct point_statistics *points = session->options->points;
    uint64_t checks = session->point_checks;
    if (!points)
        return;
    points->by_checks[checks < POINT_CHECKS_MAX ? checks : POINT_CHECKS_MAX - 1]++;
    points->most = checks > points->most ? checks : points->most;
}

/* A run has ended at the test; *ended: whether the caller's ends there, too. */
static struct error *meet_test(struct session *session, const struct run_conditions *conditions,
                               struct run_result *result, bool *ended)
{
    struct error *error = is_here(session, ended);
    if (error || *ended)
        return error;
    result->end = RUN_ENDED_AT_BREAKPOINT;
    return conditions->notes ? NULL
                             : is_at_breakpoint(vessel_tracee(session->vessel), conditions, ended);
}

static uint64_t longest(const struct event *event)
{
    if (event->nanoseconds > (UINT64_MAX - INSTRUCTIONS_MORE) / INSTRUCTIONS_PER_NS)
        return UINT64_MAX;
    return event->nanoseconds * INSTRUCTIONS_PER_NS + INSTRUCTIONS_MORE;
}

static struct error *search(struct session *session, const struct run_conditions *conditions,
                            uint64_t limit, struct run_result *ret)
{
    struct run_conditions with_test = *conditions;
    struct point point;
    struct run_note last_hit = {0};
    uint64_t count = 0;
    bool ended = false;
    struct error *error = NULL;
    point_init(&point, session->next);
    with_test.point = &point.test;
    while (!error && !ended) {
        error = session_count(session, &with_test, limit - count, ret);
        if (error)
            return error;
        note_hit(&last_hit, &ret->last_hit, count);
        count += ret->count;
        ended = true;
        if (ret->end == RUN_ENDED_AT_POINT)
            error = meet_test(session, conditions, ret, &ended);
        if (!ended && count == limit) {
            ret->end = RUN_ENDED_AT_LIMIT;
            ended = true;
        }
    }
    /* A limit comes first: the next run ends where it begins. */
    if (!error && ret->end == RUN_ENDED_AT_POINT && count == limit)
        ret->end = RUN_ENDED_AT_LIMIT;
    ret->count = count;
    ret->last_hit = last_hit;
    return error;
}

struct error *session_run_to_point(struct session *session, const struct run_conditions *conditions,
                                   uint64_t limit, struct run_result *ret)
{
    static const struct run_conditions none;
    uint64_t bound = longest(session->next);
    bool here;
    struct error *error = is_here(session, &here);
    if (error)
        return error;
    *ret = (struct run_result){.end = RUN_ENDED_AT_POINT};
    if (here) {
        note_found(session);
        return NULL;
    }
    error = search(session, conditions ? conditions : &none, limit < bound ? limit : bound, ret);
    if (!error && ret->end == RUN_ENDED_AT_POINT)
        note_found(session);
    if (!error && ret->end == RUN_ENDED_AT_LIMIT && bound < limit)
        return session_diverged(session, "no point with the recorded state", 0);
    if (!error && (ret->end == RUN_ENDED_AT_CALL || ret->end == RUN_ENDED_AT_SIGNAL))
        return session_diverged(session, "an event before the point with the recorded state",
                                ret->signal);
    return error;
}
