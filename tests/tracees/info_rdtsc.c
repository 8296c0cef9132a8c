/* The time-stamp counter, read by both instructions, which must trap to be recorded. */
#include <x86intrin.h>

#include "check.h"

int main(void)
{
    unsigned long last = 0;
    for (int i = 0; i < 50; i++) {
        unsigned int core = 0;
        unsigned long now = i % 2 ? __rdtscp(&core) : __rdtsc();
        CHECK(now > last);
        last = now;
        if (i % 10 == 1)
            printf("%lu core %u\n", now, core);
    }
    return 0;
}
