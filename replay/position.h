/*
 * Positions: `event+count` names every instant of a stream. (n, c) is the state after event n was
 * applied and the task that the next event belongs to has executed c instructions since. An
 * instruction with a rep prefix counts once.
 */
#ifndef REEL_REPLAY_POSITION_H
#define REEL_REPLAY_POSITION_H

#include "engine/base/types.h"

struct position {
    uint64_t event;
    uint64_t count;
};

static inline int position_compare(struct position a, struct position b)
{
    if (a.event != b.event)
        return a.event < b.event ? -1 : 1;
    return a.count < b.count ? -1 : a.count > b.count;
}

#endif
