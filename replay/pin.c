#include "replay/pin.h"

#include <sched.h>

#include "engine/tracee/tsc_trap.h"

static cpu_set_t before;
static bool pinned;

void replay_pin(const struct trace_header *header)
{
    cpu_set_t one;
    if (pinned || sched_getaffinity(0, sizeof(before), &before) < 0)
        return;
    bool same = header->cpu < CPU_SETSIZE && CPU_ISSET(header->cpu, &before);
    CPU_ZERO(&one);
    CPU_SET(same ? (int)header->cpu : sched_getcpu(), &one);
    pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
    tsc_trap_join();
}

void replay_unpin(void)
{
    tsc_trap_leave();
    if (pinned)
        sched_setaffinity(0, sizeof(before), &before);
}
