/* The scheduler's calls: affinity (the recorder pins tasks to a core, which must not show), yield,
 * priority, policy, getcpu. */
#include <sched.h>
#include <sys/resource.h>

#include "check.h"

int main(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    CHECK(CPU_COUNT(&set) >= 1);
    CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
    for (int i = 0; i < 20; i++)
        CHECK(sched_yield() == 0);
    CHECK(sched_getscheduler(0) == SCHED_OTHER);
    struct sched_param parameter;
    CHECK(sched_getparam(0, &parameter) == 0 && parameter.sched_priority == 0);
    CHECK(sched_get_priority_max(SCHED_FIFO) == 99);
    struct timespec slice;
    CHECK(sched_rr_get_interval(0, &slice) == 0);
    errno = 0;
    int priority = getpriority(PRIO_PROCESS, 0);
    CHECK(errno == 0 && setpriority(PRIO_PROCESS, 0, priority) == 0);
    unsigned int core, node;
    CHECK(getcpu(&core, &node) == 0 && sched_getcpu() >= 0);
    printf("%d cores, priority %d, on %u\n", CPU_COUNT(&set), priority, core);
    return 0;
}
